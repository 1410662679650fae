//! A listening address that can stop accepting connections without losing its port.

use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll},
};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// The backlog of the listener, enough for a burst of connections.
const BACKLOG: u32 = 1024;

/// A port that accepts connections while open and refuses them while shut. A shut port stays bound but does not listen.
#[derive(Debug)]
pub(super) struct Gate {
    address: SocketAddr,
    state: GateState,
}

#[derive(Debug)]
enum GateState {
    Open(TcpListener),
    Shut(TcpSocket),
    /// Another program took the port while it was not bound.
    Lost,
}

impl Gate {
    /// Binds the address without listening.
    ///
    /// # Errors
    /// Fails when the address does not belong to this machine or is in use.
    pub(super) fn shut(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { address, state: GateState::Shut(bind(address)?) })
    }

    /// Opens or shuts the port.
    ///
    /// # Errors
    /// Fails when another program has taken the port; the next call retries.
    pub(super) fn set_open(&mut self, open: bool) -> io::Result<()> {
        self.state = match (std::mem::replace(&mut self.state, GateState::Lost), open) {
            (GateState::Shut(socket), true) => GateState::Open(listen(socket)?),
            (GateState::Open(listener), false) => {
                drop(listener);
                GateState::Shut(bind(self.address)?)
            }
            (GateState::Lost, true) => GateState::Open(listen(bind(self.address)?)?),
            (GateState::Lost, false) => GateState::Shut(bind(self.address)?),
            (unchanged, _) => unchanged,
        };
        Ok(())
    }

    /// Polls for the next connection; pending while the port is not open.
    pub(super) fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        match &self.state {
            GateState::Open(listener) => listener.poll_accept(context).map_ok(|(client, _)| client),
            GateState::Shut(_) | GateState::Lost => Poll::Pending,
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // Connections that outlive the listener must not prevent binding the port again.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    // From here on nobody else may have the port: another program that allows reuse, as most servers do, could listen on
    // it until this socket does.
    socket.set_reuseaddr(false)?;
    Ok(socket)
}

fn listen(socket: TcpSocket) -> io::Result<TcpListener> {
    socket.set_reuseaddr(true)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_else_gets_the_port_while_it_is_shut() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut door = Gate::shut(port).unwrap();
        let everywhere = SocketAddr::from(([0, 0, 0, 0], port.port()));
        for open in [false, true, false] {
            door.set_open(open).unwrap();
            // The standard library allows reuse, as most servers do.
            for address in [port, everywhere] {
                let other = std::net::TcpListener::bind(address);
                assert_eq!(other.unwrap_err().kind(), io::ErrorKind::AddrInUse, "{address} {open}");
            }
            assert!(Gate::shut(port).and_then(|mut other| other.set_open(true)).is_err(), "another sandbox");
        }
    }

    #[tokio::test]
    async fn shut_it_refuses_and_keeps_the_port() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut door = Gate::shut(port).unwrap();
        let connect = || TcpStream::connect(port);
        assert_eq!(connect().await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        door.set_open(true).unwrap();
        let held = connect().await.unwrap();
        let _accepted = std::future::poll_fn(|context| door.poll_accept(context)).await.unwrap();
        door.set_open(false).unwrap();
        assert_eq!(connect().await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        door.set_open(true).unwrap();
        connect().await.unwrap();
        drop(held);
    }
}
