//! The sandbox from outside: the real binary, real processes, `kubectl`, and Chaos Toolkit's own `chaos`.

mod clients;
mod faults;
mod http;
mod life;
mod stage;
