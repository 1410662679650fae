//! `demo-services NAME`: runs one of the demo services, for container images.

use chaos_sandbox::images::Image;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(name), None) = (words.next(), words.next()) else {
        eprintln!("usage: demo-services provider|consumer-before|consumer-after");
        return ExitCode::from(2);
    };
    let image: Image = match name.parse() {
        Ok(image) => image,
        Err(error) => {
            eprintln!("demo-services: {error}");
            return ExitCode::from(2);
        }
    };
    match image.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo-services: {error}");
            ExitCode::FAILURE
        }
    }
}
