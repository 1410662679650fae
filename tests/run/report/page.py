"""Opens pages of reports in a headless Chromium and checks them, through the DevTools protocol on a pipe.

page.py CHROMIUM PAGE...             checks: nothing is requested but the page, no error is logged, nothing overflows at
                                     360, 800 and 1400 px, every text has the contrast of WCAG AA, light and dark
page.py CHROMIUM PAGE --shot OUT.png [--width N] [--height N] [--dark]     a picture of the page, or of its top
page.py CHROMIUM PAGE --pdf OUT.pdf                           the page as it is printed
"""

import argparse
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-extensions --hide-scrollbars --remote-debugging-pipe""".split()
WIDTHS = (360, 800, 1400)
PATIENCE_S = 60

# Every element with text of its own: its colour on the ground behind it, as WCAG 2 has it. SVG text lies on shapes, whose
# colours a unit test compares.
CONTRAST = r"""
(() => {
  const numbers = text => (text.match(/[\d.]+/g) || []).map(Number);
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.querySelectorAll('body *:not(svg *)')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.getClientRects().length) continue;
    const [one, other] = [luminance(numbers(getComputedStyle(element).color)), luminance(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) bad.push(`${element.tagName} ${element.className}: ${contrast.toFixed(2)} ${element.textContent.slice(0, 40)}`);
  }
  return bad;
})()
"""

# Letters of the pictures, as they are drawn: at least nine pixels high.
LETTERS = r"""
(() => {
  const small = [];
  for (const text of document.querySelectorAll('svg text')) {
    if (!text.getClientRects().length) continue;
    const scale = text.ownerSVGElement.getBoundingClientRect().width / text.ownerSVGElement.viewBox.baseVal.width;
    const size = parseFloat(getComputedStyle(text).fontSize) * scale;
    if (size < 9) small.push(`${text.textContent}: ${size.toFixed(1)} px`);
  }
  return small.slice(0, 3);
})()
"""


class Browser:
    """A Chromium on a pipe: it reads commands from descriptor 3 and writes to 4."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (out, self.ours), (self.theirs, back) = os.pipe(), os.pipe()

        def pipes():
            # Away from 3 and 4 first, where one of them may be.
            high, higher = os.dup(out), os.dup(back)
            os.dup2(high, 3)
            os.dup2(higher, 4)

        command = [program, *FLAGS, f"--user-data-dir={self.folder.name}", "about:blank"]
        self.process = subprocess.Popen(
            command, preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(out)
        os.close(back)
        self.number, self.rest, self.events, self.session = 0, b"", [], None

    def message(self):
        while b"\0" not in self.rest:
            read = os.read(self.theirs, 1 << 20)
            if not read:
                sys.exit("the browser ended")
            self.rest += read
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.ours, json.dumps(command).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait(self, event):
        deadline = time.monotonic() + PATIENCE_S
        while not any(message.get("method") == event for message in self.events):
            if time.monotonic() > deadline:
                sys.exit(f"no {event}")
            self.events.append(self.message())

    def open(self, page):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=pathlib.Path(page).absolute().as_uri())
        self.wait("Page.loadEventFired")

    def show(self, width, dark):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        theme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def value(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def close(self):
        self.session = None
        os.write(self.ours, b'{"id":0,"method":"Browser.close"}\0')
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def check(browser, page):
    browser.open(page)
    wrong = []
    for dark in (False, True):
        for width in WIDTHS:
            browser.show(width, dark)
            where = f"{width} px, {'dark' if dark else 'light'}"
            wide = browser.value("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{where}: the page is {wide} px wide")
            wrong += [f"{where}: contrast {line}" for line in browser.value(CONTRAST)]
            wrong += [f"{where}: letters of {line}" for line in browser.value(LETTERS)]
    for event in browser.events:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and parameters["request"]["url"].split(":")[0] not in ("file", "about"):
            wrong.append(f"a request was sent to {parameters['request']['url']}")
        if method == "Log.entryAdded":
            wrong.append(f"logged: {parameters['entry']['text']}")
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            wrong.append(f"{method}: {parameters}")
    requests = [event for event in browser.events if event.get("method") == "Network.requestWillBeSent"]
    if len(requests) != 1:
        wrong.append(f"{len(requests)} requests instead of that for the page")
    browser.events.clear()
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("chromium")
    parser.add_argument("pages", nargs="+")
    parser.add_argument("--shot")
    parser.add_argument("--pdf")
    parser.add_argument("--width", type=int, default=1200)
    parser.add_argument("--height", type=int)
    parser.add_argument("--dark", action="store_true")
    arguments = parser.parse_args()
    browser = Browser(arguments.chromium)
    try:
        if arguments.shot or arguments.pdf:
            browser.open(arguments.pages[0])
            browser.show(arguments.width, arguments.dark)
            if arguments.pdf:
                data, path = browser.call("Page.printToPDF", printBackground=True)["data"], arguments.pdf
            else:
                size = {"x": 0, "y": 0, "scale": 1, "width": arguments.width, "height": arguments.height}
                clip = {"clip": size} if arguments.height else {}
                shot = browser.call("Page.captureScreenshot", captureBeyondViewport=True, **clip)
                data, path = shot["data"], arguments.shot
            pathlib.Path(path).write_bytes(base64.b64decode(data))
            return
        wrong = [f"{page}: {line}" for page in arguments.pages for line in check(browser, page)]
    finally:
        browser.close()
    print("\n".join(wrong) or "ok")
    sys.exit(bool(wrong))


main()
