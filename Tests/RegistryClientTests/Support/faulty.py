# SPDX-License-Identifier: Apache-2.0
# A registry that misbehaves: faulty.py PORT BLOB-FILE LOG FAULT
import hashlib, http.server, json, socket, socketserver, sys

port, path, log, fault = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
blob = open(path, 'rb').read()
digest = 'sha256:' + hashlib.sha256(blob).hexdigest()
manifest = json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
    'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': digest, 'size': len(blob)}, 'layers': []}).encode()
requests = 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *arguments): pass

    def answer(self, status, headers, body=b'', length=None):
        self.send_response(status)
        for key, value in headers.items(): self.send_header(key, value)
        self.send_header('Content-Length', str(len(body) if length is None else length))
        self.end_headers()
        if self.command != 'HEAD': self.wfile.write(body)

    def do_HEAD(self): self.do_GET()

    def drop(self):
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\0\0\0\0\0\0\0')
        self.connection.close()
        self.close_connection = True

    def do_GET(self):
        global requests
        requests += 1
        with open(log, 'a') as f:
            print(self.command, self.path, self.headers.get('Range', '-'), self.headers.get('Authorization', '-'),
                self.headers.get('Host'), file=f)
        if self.path.startswith('/token'):
            return self.answer(200, {'Content-Type': 'application/json'}, json.dumps({'token': 'secret-token'}).encode())
        if self.path.startswith('/elsewhere'): return self.answer(200, {}, blob)
        if fault == 'always-500': return self.answer(500, {}, b'{"errors":[{"code":"UNKNOWN","message":"no\\nidea"}]}')
        if fault == 'once-503' and requests == 1: return self.answer(503, {})
        if fault == 'once-429' and requests == 1: return self.answer(429, {'Retry-After': '1'})
        if fault == 'long-429': return self.answer(429, {'Retry-After': '3600'})
        if fault == 'ring': return self.answer(307, {'Location': self.path})
        if fault == 'nowhere': return self.answer(307, {'Location': 'file:///etc/passwd'})
        if fault == '404': return self.answer(404, {})
        if fault == '403': return self.answer(403, {}, b'{"errors":[{"code":"DENIED","message":"not you"}]}')
        if fault == 'bearer' and self.headers.get('Authorization') != 'Bearer secret-token':
            return self.answer(401, {'WWW-Authenticate':
                'Bearer realm="http://127.0.0.1:%d/token",service="s\\"q",scope="repository:r:pull"' % port})
        if fault == 'redirect-auth':
            if self.headers.get('Authorization') != 'Basic dXNlcjpwYXNz':
                return self.answer(401, {'WWW-Authenticate': 'Basic realm="x"'})
            return self.answer(307, {'Location': 'http://localhost:%d/elsewhere' % port})
        if '/manifests/' in self.path:
            if fault == 'wrong-manifest': return self.answer(200, {'Content-Type': 'x'}, manifest + b' ')
            if fault == 'huge-manifest': return self.answer(200, {'Content-Type': 'x'}, b' ' * (9 << 20))
            headers = {'Content-Type': 'application/vnd.oci.image.manifest.v1+json; charset=utf-8'}
            if fault != 'no-digest': headers['Docker-Content-Digest'] = 'sha256:' + hashlib.sha256(manifest).hexdigest()
            return self.answer(200, headers, manifest)
        start = 0
        if 'Range' in self.headers and fault != 'no-ranges':
            start = int(self.headers['Range'].split('=')[1].rstrip('-'))
        part = blob[start:]
        status = 206 if start else 200
        headers = {'Content-Range': 'bytes %d-%d/%d' % (start, len(blob) - 1, len(blob))} if start else {}
        if fault in ('drops', 'no-ranges') and requests <= 3:
            self.answer(status, headers, part[:1_000_000 if fault == 'drops' else requests * 1_000_000], len(part))
            return self.drop()
        if fault == 'dead':
            self.answer(status, headers, b'', len(part))
            return self.drop()
        if fault == 'wrong-bytes': part = b'x' + part[1:]
        if fault == 'short': part = part[:-1]
        if fault == 'long': part = part + b'x'
        if fault == 'wrong-range' and start: headers['Content-Range'] = 'bytes 0-1/2'
        self.answer(status, headers, part)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True


Server(('127.0.0.1', port), Handler).serve_forever()
