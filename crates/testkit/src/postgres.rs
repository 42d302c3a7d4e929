//! A throwaway PostgreSQL server on a free port of loopback.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A PostgreSQL server of one test, with its data in a temporary folder; stopped and removed when dropped.
///
/// It is started as another user than root, because PostgreSQL refuses root.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    password: String,
}

/// Where Debian and others keep the server's programs, when they are not in the path.
const FOLDERS: [&str; 2] = ["/usr/lib/postgresql", "/usr/local/pgsql"];

fn programs() -> Option<PathBuf> {
    let in_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file()));
    let versions = |folder: &&str| {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
        found.sort();
        found.into_iter().map(|it| it.join("bin")).rfind(|it| it.join("initdb").is_file())
    };
    in_path.or_else(|| FOLDERS.iter().find_map(versions))
}

impl Postgres {
    /// Starts a server that keeps its data as a real one does (`fsync` on). Where PostgreSQL is not installed, says so
    /// in one line and gives `None`.
    ///
    /// # Panics
    /// Where it is absent and `CI=true`, or does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(
                std::env::var_os("CI").is_none_or(|value| value != "true"),
                "CI=true, and PostgreSQL is not installed"
            );
            println!("skipped: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("belisha-pg-").tempdir().expect("a folder can be made").keep();
        if is_root() {
            let (user, group) = nobody();
            chown(&folder, Some(user), Some(group)).expect("root may give its folder away");
        }
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("our own folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port is free").port();
        let server = Self { folder, programs, port, password: "throwaway".into() };
        std::fs::write(server.folder.join("password"), &server.password).expect("our own folder");
        server.run("initdb", |initdb| {
            let password = format!("--pwfile={}", server.folder.join("password").display());
            initdb
                .arg("-D")
                .arg(server.data())
                .args(["-U", "postgres", "--auth=scram-sha-256", "-E", "UTF8", "--no-sync", "--locale=C"])
                .arg(password);
        });
        server.begin();
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn run(&self, program: &str, arguments: impl FnOnce(&mut Command)) {
        let path = self.programs.join(program);
        let mut command = if is_root() {
            let (user, group) = nobody();
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups").arg(path);
            command
        } else {
            Command::new(path)
        };
        arguments(&mut command);
        let log = std::fs::File::create(self.folder.join(format!("{program}.out"))).expect("our own folder");
        let errors = log.try_clone().expect("a handle");
        let done = command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .status()
            .expect("the program starts");
        let said = || std::fs::read_to_string(self.folder.join(format!("{program}.out"))).unwrap_or_default();
        assert!(done.success(), "{program}: {}", said());
    }

    fn begin(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=200 -c log_min_messages=fatal",
            self.port,
            self.folder.display()
        );
        self.run("pg_ctl", |pg_ctl| {
            pg_ctl
                .arg("-D")
                .arg(self.data())
                .args(["-w", "-t", "60", "-l"])
                .arg(self.folder.join("server.log"))
                .args(["-o", &options, "start"]);
        });
    }

    fn end(&self, mode: &str) {
        self.run("pg_ctl", |pg_ctl| {
            pg_ctl.arg("-D").arg(self.data()).args(["-w", "-m", mode, "stop"]);
        });
    }

    /// Stops it as a crash would (`immediate`), and starts it again.
    pub fn restart(&self) {
        self.end("immediate");
        self.begin();
    }

    /// Stops it as a crash would; [`start_again`](Self::start_again) brings it back.
    pub fn stop(&self) {
        self.end("immediate");
    }

    /// Starts it again on the same port.
    pub fn start_again(&self) {
        self.begin();
    }

    /// The address for a login, in the database `postgres`.
    #[must_use]
    pub fn url(&self, login: &str, password: &str) -> String {
        self.url_in("postgres", login, password)
    }

    /// The address for a login, in another database.
    #[must_use]
    pub fn url_in(&self, database: &str, login: &str, password: &str) -> String {
        format!("postgres://{login}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The address for the superuser.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.admin_url_in("postgres")
    }

    /// The same, in another database.
    #[must_use]
    pub fn admin_url_in(&self, database: &str) -> String {
        self.url_in(database, "postgres", &self.password)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid.lines().next() {
            // SIGQUIT: at once, children included. A server that is gone already needs no killing.
            let _ = Command::new("kill").args(["-QUIT", pid]).stderr(Stdio::null()).status();
            let deadline = Instant::now() + Duration::from_secs(5);
            while Path::new(&format!("/proc/{pid}")).exists() && Instant::now() < deadline {
                sleep(Duration::from_millis(20));
            }
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user that owns nothing, in Debian and elsewhere.
fn nobody() -> (u32, u32) {
    (65_534, 65_534)
}
