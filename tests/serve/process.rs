//! `musubi serve` as a child process.

use crate::support::{Response, World};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// A running service. Killed when dropped: nobody gets to say goodbye.
pub struct Process {
    child: Mutex<Child>,
    pub address: String,
    client: ureq::Agent,
}

/// A command with the settings of the test and none of the surroundings.
pub fn musubi(data: &Path, world: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
    command.env_clear().env("RUST_LOG", "warn,musubi::feed=info").current_dir(world.folder.path());
    command.arg("--data").arg(data).arg("--json").args(["--lang", "en"]);
    command.arg("--database-url").arg(&world.url);
    command.stdin(Stdio::null());
    command
}

impl Process {
    /// Starts on a free port and waits until it listens.
    pub fn start(data: &Path, world: &World) -> Self {
        Self::spawned(Self::spawn(data, world))
    }

    /// Starts the demo, and gives what it says when it listens.
    pub fn demo(data: &Path, world: &World) -> (Self, Value) {
        let mut child = musubi(data, world)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        output.read_line(&mut line).expect("its first line");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the demo said {line:?}"));
        (Self::at(child, &said), said)
    }

    /// Starts, and does not wait for anything.
    pub fn spawn(data: &Path, world: &World) -> Child {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(world.folder.path().join("stderr.log"));
        musubi(data, world)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(log.expect("a log"))
            .spawn()
            .expect("the program")
    }

    /// Waits until a spawned service listens.
    pub fn spawned(mut child: Child) -> Self {
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        let mut output = BufReader::new(output);
        output.read_line(&mut line).expect("its first line");
        let Ok(said) = serde_json::from_str::<Value>(&line) else {
            let _ = output.read_to_string(&mut line);
            panic!("serve said {line:?} and ended with {:?}", child.wait());
        };
        Self::at(child, &said)
    }

    fn at(child: Child, said: &Value) -> Self {
        let address = said["listening"].as_str().expect("an address").to_owned();
        let client = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(Duration::from_secs(60)))
                .build(),
        );
        Self { child: Mutex::new(child), address, client }
    }

    /// kill -9.
    pub fn kill(&self) {
        let mut child = self.child.lock().expect("the child");
        child.kill().expect("it can be killed");
        child.wait().expect("it is gone");
    }

    /// What a second one says that must not run.
    pub fn refused(data: &Path, world: &World) -> Output {
        musubi(data, world).args(["serve", "--listen", "127.0.0.1:0"]).output().expect("the program")
    }

    pub fn get(&self, path: &str) -> Option<Response> {
        answer(self.client.get(format!("{}{path}", self.address)).call())
    }

    /// A file as the body.
    pub fn send_file(&self, path: &str, bytes: &[u8]) -> Option<Response> {
        let request = self.client.post(format!("{}{path}", self.address)).content_type("application/octet-stream");
        answer(request.send(bytes))
    }

    /// The most memory it has had since it began, MiB; `None` where nobody says.
    pub fn peak_memory(&self) -> Option<u64> {
        let id = self.child.lock().expect("the child").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
    }

    /// With a body and headers; `None` if the service died before the answer was whole.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Option<Response> {
        let url = format!("{}{path}", self.address);
        let body = body.map(Value::to_string);
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match body {
            Some(body) => {
                let request = request.header("content-type", kind).body(body).expect("a request");
                answer(self.client.run(request))
            }
            None => answer(self.client.run(request.body(()).expect("a request"))),
        }
    }
}

fn answer(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Response> {
    Response::read(result.ok()?).ok()
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
