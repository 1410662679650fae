//! The terminal: loop, keymap, theme, panes, overlays.
