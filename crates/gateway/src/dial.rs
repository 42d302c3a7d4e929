//! The one way out: every connection that the proxy makes is made here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use belisha_filter::Host;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::egress::{Egress, EgressError, PublicAddr, permit_port};

/// Why there is no connection to an origin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// No address of the host may be dialled.
    #[error(transparent)]
    Refused(#[from] EgressError),
    /// The name has no address.
    #[error("the name has no address")]
    NotFound,
    /// Nobody answers at its addresses.
    #[error("nobody answers: {0}")]
    Unreachable(io::Error),
    /// It took too long.
    #[error("no connection in time")]
    TimedOut,
}

/// Resolves a host once, classifies every address, and connects to the first permitted one that answers, all within
/// `limit`. `own` is where the proxy itself listens.
pub(crate) async fn dial(
    egress: &Egress,
    own: &[SocketAddr],
    host: &Host,
    port: u16,
    limit: Duration,
) -> Result<(TcpStream, PublicAddr), DialError> {
    let deadline = Instant::now() + limit;
    permit_port(port)?;
    let found = match host.ip() {
        Some(ip) => vec![SocketAddr::new(ip, port)],
        None => match timeout_at(deadline, egress.resolver().resolve(host.as_str(), port)).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Vec::new(),
            Err(_) => return Err(DialError::TimedOut),
        },
    };
    let mut refused = None;
    let mut open = Vec::new();
    for address in found {
        match permit(egress, own, address) {
            Ok(address) if !open.contains(&address) => open.push(address),
            Ok(_) => {}
            Err(error) => refused = Some(error),
        }
    }
    if open.is_empty() {
        return Err(refused.map_or(DialError::NotFound, DialError::Refused));
    }
    connect(&open, deadline).await
}

/// The address, if it may be dialled and is not the proxy's own.
pub(crate) fn permit(egress: &Egress, own: &[SocketAddr], address: SocketAddr) -> Result<PublicAddr, EgressError> {
    let permitted = egress.permit(address)?;
    if is_own(own, permitted.get()) { Err(EgressError::Own) } else { Ok(permitted) }
}

/// Tries the addresses in turn; each gets an equal share of the time that is left.
async fn connect(addresses: &[PublicAddr], deadline: Instant) -> Result<(TcpStream, PublicAddr), DialError> {
    let mut last = DialError::TimedOut;
    for (at, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        let share = deadline.saturating_duration_since(Instant::now()) / left;
        match timeout(share, TcpStream::connect(address.get())).await {
            Ok(Ok(stream)) => {
                // Without it small answers wait for each other; a refusal to set it is no reason to give up.
                let _ = stream.set_nodelay(true);
                return Ok((stream, *address));
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => last = DialError::TimedOut,
            Ok(Err(error)) => last = DialError::Unreachable(error),
            Err(_) => last = DialError::TimedOut,
        }
    }
    Err(last)
}

/// Whether the proxy listens there: at this very address, or at every address of a machine that this one belongs to.
fn is_own(own: &[SocketAddr], address: SocketAddr) -> bool {
    own.iter().filter(|listener| listener.port() == address.port()).any(|listener| {
        let ip = listener.ip().to_canonical();
        ip == address.ip() || ip.is_unspecified() && (address.ip().is_loopback() || is_of_this_machine(address))
    })
}

/// Whether an address is one of this machine's: the machine would then talk to it from that address. A UDP socket that
/// is connected sends nothing.
fn is_of_this_machine(address: SocketAddr) -> bool {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let source = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(address)?;
        socket.local_addr()
    });
    source.is_ok_and(|source| source.ip() == address.ip())
}
