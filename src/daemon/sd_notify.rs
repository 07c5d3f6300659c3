//! Tells systemd how the daemon is (`Type=notify`), where it was started by it.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The first scan is complete. `socket` is [`Paths::notify_socket`](crate::paths::Paths).
pub fn ready(socket: Option<&OsStr>) -> io::Result<()> {
    send(socket, b"READY=1")
}

/// The daemon is about to end.
pub fn stopping(socket: Option<&OsStr>) -> io::Result<()> {
    send(socket, b"STOPPING=1")
}

fn send(socket: Option<&OsStr>, state: &[u8]) -> io::Result<()> {
    let Some(name) = socket else { return Ok(()) };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => in_no_folder(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state, &address).map(|_| ())
}

/// An address that is no file, which only Linux has.
#[cfg(target_os = "linux")]
fn in_no_folder(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn in_no_folder(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn received(socket: &UnixDatagram) -> Vec<u8> {
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    #[test]
    fn a_socket_in_a_folder_hears_of_both() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        ready(Some(path.as_os_str())).unwrap();
        assert_eq!(received(&socket), b"READY=1");
        stopping(Some(path.as_os_str())).unwrap();
        assert_eq!(received(&socket), b"STOPPING=1");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn so_does_one_in_none() {
        let name = format!("spendtop-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&in_no_folder(name.as_bytes()).unwrap()).unwrap();
        ready(Some(OsStr::new(&format!("@{name}")))).unwrap();
        assert_eq!(received(&socket), b"READY=1");
    }

    #[test]
    fn nobody_to_tell_is_fine_and_nobody_there_is_an_error() {
        ready(None).unwrap();
        assert!(ready(Some(OsStr::new("/nowhere/notify"))).is_err());
    }
}
