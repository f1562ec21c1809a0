//! Headless Chromium, asked over a pair of pipes in its DevTools protocol.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Long enough for the slowest machine; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(90);

/// It calls nobody by itself, and has nothing of anybody's in it.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox", // CI is root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
];

/// A browser with one page open.
pub(crate) struct Chromium {
    child: Child,
    to: File,
    from: Receiver<Value>,
    session: Option<String>,
    calls: u64,
    /// What the browser told unasked.
    pub(crate) events: Vec<Value>,
}

impl Chromium {
    /// Starts Debian's browser with its profile in this directory.
    pub(crate) fn start(directory: &Path) -> Self {
        let pipe = |name: &str| {
            let path = directory.join(name);
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            // For reading and writing: who opens one end alone waits for the other.
            let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
            (path, file)
        };
        let ((in_path, to), (out_path, from)) = (pipe("in"), pipe("out"));
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec chromium \"$@\" 3<\"$IN\" 4>\"$OUT\"", "sh"])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", directory.join("profile").display()))
            .env("IN", in_path)
            .env("OUT", out_path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().expect("chromium is not installed");
        let (send, received) = channel();
        thread::spawn(move || {
            for message in BufReader::new(from).split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).unwrap();
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self {
            child,
            to,
            from: received,
            session: None,
            calls: 0,
            events: Vec::new(),
        };
        let page = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": page["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", target);
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method and gives its result.
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut answer = self.receive(method);
            if answer["id"] == json!(self.calls) {
                assert_eq!(answer["error"], Value::Null, "{method}");
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    fn receive(&mut self, what: &str) -> Value {
        let received = self.from.recv_timeout(PATIENCE);
        received.unwrap_or_else(|error| panic!("{what}: {error}; {:?}", self.child.try_wait()))
    }

    /// The width of the page's window, and what it prefers: `light` or `dark`.
    pub(crate) fn look(&mut self, (width, height): (u32, u32), scheme: &str) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Opens an address and forgets what was told before.
    pub(crate) fn open(&mut self, address: &str) {
        self.events.clear();
        let opened = self.call("Page.navigate", json!({ "url": address }));
        assert_eq!(opened["errorText"], Value::Null);
        while !self
            .events
            .iter()
            .any(|event| event["method"] == "Page.loadEventFired")
        {
            let event = self.receive("load");
            self.events.push(event);
        }
    }

    /// The value of an expression on the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", asked);
        assert_eq!(answer["exceptionDetails"], Value::Null, "{expression}");
        answer["result"]["value"].take()
    }

    /// What is in the window, as PNG; or the whole page, however long.
    pub(crate) fn picture(&mut self, whole: bool) -> Vec<u8> {
        let picture = self.call(
            "Page.captureScreenshot",
            json!({ "captureBeyondViewport": whole }),
        );
        STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    /// The page as it comes from a printer, as PDF.
    pub(crate) fn print(&mut self) -> Vec<u8> {
        let printed = self.call("Page.printToPDF", json!({ "preferCSSPageSize": true }));
        STANDARD.decode(printed["data"].as_str().unwrap()).unwrap()
    }

    /// What a page that does nothing but stand there never makes a browser tell.
    pub(crate) fn complaints(&self, address: &str) -> Vec<String> {
        let is_wrong = |event: &&Value| match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => event["params"]["request"]["url"] != json!(address),
            "Log.entryAdded" | "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" => true,
            "Page.javascriptDialogOpening" | "Page.frameAttached" => true,
            _ => false,
        };
        self.events
            .iter()
            .filter(is_wrong)
            .map(Value::to_string)
            .collect()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It ends with its whole family when it is asked to; killed, it would leave them.
        self.session = None;
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        for _ in 0..500 {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
