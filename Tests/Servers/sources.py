#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server for tests of the git and HTTP sources, on a free port of the loopback.

    sources.py ROOT PID     serves ROOT/git by `git http-backend` under /git, ROOT/files under /file

Runs `git daemon` for ROOT/git too. Writes both ports to ROOT/ports. Ends when ROOT is removed or the process PID ends,
so that it never outlives the test. Writes a line for each request to ROOT/requests: method, path, status, bytes sent.
What is in ROOT/control.json is read at each request:

    {"authorization": "basic ...",          what must be sent, else 401
     "faults": ["503", "cut", "slow", ...],  one of them for each next request, and then none
     "retryAfter": "0"}

Under /redirect/N/NAME are N redirects before /file/NAME; /ring leads to itself; /to/URL leads to URL; /plain/NAME is a
file without validators and ranges; /endless sends bytes without end; /name/NAME names the file in Content-Disposition.
"""
import hashlib, http.server, json, os, re, signal, socket, subprocess, sys, threading, time, urllib.parse

root = os.path.abspath(sys.argv[1])
lock = threading.Lock()


def control():
    with lock:
        path = os.path.join(root, "control.json")
        try:
            with open(path) as file:
                state = json.load(file)
        except FileNotFoundError:
            return {}, None
        fault = None
        if state.get("faults"):
            fault = state["faults"].pop(0)
            with open(path + ".new", "w") as file:
                json.dump(state, file)
            os.rename(path + ".new", path)
        return state, fault


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, headers, body, fault=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if fault == "cut":
            self.send_header("Connection", "close")
        self.end_headers()
        sent = body[: len(body) // 2] if fault == "cut" else body
        if self.command != "HEAD":
            self.wfile.write(sent)
        with lock, open(os.path.join(root, "requests"), "a") as log:
            log.write(f"{self.command} {self.path} {status} {len(sent)}\n")
        if fault == "cut":
            self.wfile.flush()
            self.close_connection = True

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        self.do_GET()

    def do_GET(self):
        length = self.headers.get("Content-Length")
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    break
        else:
            body = self.rfile.read(int(length)) if length else b""
        state, fault = control()
        wanted = state.get("authorization")
        if wanted and self.headers.get("Authorization", "").lower() != wanted.lower():
            return self.answer(401, [("WWW-Authenticate", 'Basic realm="test"')], b"who are you?\n")
        if fault and fault.isdigit():
            extra = [("Retry-After", state["retryAfter"])] if "retryAfter" in state else []
            return self.answer(int(fault), extra, b"not now\n")
        path, _, query = self.path.partition("?")
        parts = path.strip("/").split("/")
        if parts[0] == "git":
            return self.git(path[4:], query, body, fault)
        if parts[0] in ("file", "plain", "name"):
            return self.file(urllib.parse.unquote("/".join(parts[1:])), parts[0], fault)
        if parts[0] == "redirect":
            count = int(parts[1])
            name = "/".join(parts[2:])
            to = f"/file/{name}" if count <= 1 else f"/redirect/{count - 1}/{name}"
            return self.answer(302, [("Location", to)], b"")
        if parts[0] == "ring":
            return self.answer(302, [("Location", "/ring")], b"")
        if parts[0] == "to":
            return self.answer(302, [("Location", urllib.parse.unquote(path[4:]))], b"")
        if parts[0] == "endless":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                return
        self.answer(404, [], b"not here\n")

    def git(self, path, query, body, fault):
        variables = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": os.path.join(root, "git"), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "HOME": root, "GIT_CONFIG_NOSYSTEM": "1",
        }
        done = subprocess.run(["git", "http-backend"], input=body, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        self.answer(status, headers, content, fault)

    def file(self, name, kind, fault):
        path = os.path.join(root, "files", name)
        if not os.path.isfile(path):
            return self.answer(404, [], b"not here\n")
        with open(path, "rb") as file:
            content = file.read()
        if kind == "plain":
            return self.answer(200, [], content, fault)
        tag = '"' + hashlib.sha1(content).hexdigest() + '"'
        headers = [("ETag", tag), ("Last-Modified", self.date_time_string(os.stat(path).st_mtime)), ("Accept-Ranges", "bytes")]
        if kind == "name":
            headers.append(("Content-Disposition", f'attachment; filename="{name}"'))
        if self.headers.get("If-None-Match") == tag:
            return self.answer(304, headers, b"")
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if match and self.headers.get("If-Range", tag) == tag:
            start = int(match[1])
            headers.append(("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"))
            return self.answer(206, headers, content[start:], fault)
        self.answer(200, headers, content, fault)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
# The program itself, so that what is ended is not a wrapper; and it must be possible to end it, whatever a test blocks.
programs = subprocess.check_output(["git", "--exec-path"], text=True).strip()
signal.pthread_sigmask(signal.SIG_SETMASK, [])
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
daemon = subprocess.Popen(
    [os.path.join(programs, "git-daemon"), "--listen=127.0.0.1", f"--port={port}", f"--base-path={root}/git", "--export-all", "--reuseaddr", f"{root}/git"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
try:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    with open(os.path.join(root, "ports.new"), "w") as file:
        file.write(f"{server.server_address[1]} {port}\n")
    os.rename(os.path.join(root, "ports.new"), os.path.join(root, "ports"))
    while os.path.isdir(root) and os.path.isdir(f"/proc/{sys.argv[2]}"):
        time.sleep(0.2)
finally:
    daemon.kill()
    daemon.wait()
