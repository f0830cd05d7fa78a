// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Images that are refused")
struct HostileImageTests {
    /// What is done to a good layout or archive, and a word of the sentence that it must give.
    static let layouts: [(String, String)] = [
        ("rm layout/index.json", "index.json"),
        ("rm layout/oci-layout", "oci-layout"),
        ("echo '{' > layout/index.json", "JSON"),
        ("echo '{}' > layout/index.json", "schemaVersion"),
        ("echo '{\"schemaVersion\":2,\"manifests\":[]}' > layout/index.json", "no image"),
        ("sed -i 's/sha256:[0-9a-f]*/sha256:..\\/..\\/..\\/etc\\/passwd/' layout/index.json", "sha256"),
        ("sed -i 's/\"size\":[0-9]*/\"size\":7/' layout/index.json", "instead of 7"),
        ("sed -i 's/\"size\":[0-9]*/\"size\":-7/' layout/index.json", "size"),
        ("echo x | dd of=$(manifest) conv=notrunc bs=1 seek=20 status=none", "digest"),
        ("rm $(manifest)", "is not in it"),
        ("f=$(manifest); rm $f; ln -s /etc/passwd $f", "symbolic link"),
        ("f=$(manifest); rm $f; mkdir $f", "no regular file"),
        ("f=$(manifest); rm $f; mkfifo $f", "no regular file"),
        ("f=$(layer); printf x | dd of=$f conv=notrunc bs=1 seek=12 status=none", "digest"),
        ("truncate -s -1 $(layer)", "instead of"),
        ("rm $(layer)", "is not in it"),
        ("f=$(layer); cp $f keep; rm $f; ln -s ../../../keep $f", "symbolic link"),
        ("mv layout/blobs elsewhere; ln -s ../elsewhere layout/blobs", "no directory"),
        ("truncate -s 1G layout/index.json", "larger than the limit"),
    ]

    private static let helpers = """
        manifest() { echo layout/blobs/sha256/$(grep -o 'sha256:[0-9a-f]*' layout/index.json | head -1 | cut -c8-); }
        layer() { echo layout/blobs/sha256/$(python3 -c "
        import json,sys
        print(json.load(open(sys.argv[1]))['layers'][0]['digest'][7:])" $(manifest)); }
        """

    @Test("as layouts give one sentence, and leave nothing behind", arguments: layouts)
    func layout(damage: String, word: String) async throws {
        let folder = try ImageTestFolder()
        try await folder.makeLayout()
        try await folder.shell(Self.helpers + "\n" + damage)
        try expectRefusal(of: folder("layout"), in: folder, word: word, reference: "a")
    }

    static let rewrites: [(String, String)] = [
        ("m['layers'][0]['mediaType']='application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'", "foreign"),
        ("m['layers'][0]['mediaType']='application/vnd.oci.image.layer.nondistributable.v1.tar'", "foreign"),
        ("m['layers'][0]['mediaType']='application/vnd.oci.image.layer.v1.tar+gzip+encrypted'", "does not know"),
        ("m['config']['mediaType']='application/vnd.cncf.helm.config.v1+json'", "artifact"),
        ("m['layers'].pop()", "DiffIDs"),
        ("m['layers'].reverse()", "should have been"),
        ("del m['config']", "config"),
        ("m['schemaVersion']=1", "schemaVersion"),
        ("m['mediaType']='application/vnd.docker.distribution.manifest.v1+json'", "does not know"),
        ("m['layers']=[m['layers'][0]]*3", "DiffIDs"),
    ]

    @Test("by what their manifest says give one sentence", arguments: rewrites)
    func manifest(change: String, word: String) async throws {
        let folder = try ImageTestFolder()
        try await folder.makeLayout()
        try await folder.shell(
            """
            cat > change.py <<'P'
            import json,hashlib
            i=json.load(open('layout/index.json'))
            d=i['manifests'][0]
            m=json.load(open('layout/blobs/sha256/'+d['digest'][7:]))
            \(change)
            x=json.dumps(m).encode()
            d['digest']='sha256:'+hashlib.sha256(x).hexdigest(); d['size']=len(x)
            open('layout/blobs/sha256/'+d['digest'][7:],'wb').write(x)
            i['manifests']=[d]
            json.dump(i,open('layout/index.json','w'))
            P
            python3 change.py
            """
        )
        try expectRefusal(of: folder("layout"), in: folder, word: word, reference: nil, exactly: false)
    }

    static let files: [(String, String)] = [
        ("printf '' > f", "empty"),
        ("head -c 100000 /dev/urandom > f", "no image"),
        ("head -c 300 /dev/zero > f", "no image"),
        ("mkdir f", "oci-layout"),
        ("ln -s /nowhere f", "does not exist"),
        ("tar -cf g layout; head -c 2000 g > f", "no image"),
        ("tar -C layout -cf g . ; head -c 30000 g > f", ""),
        ("mkfifo f; (: > f) &", "empty"),
        ("gzip < layout/index.json > f", "no image"),
        (
            "mkdir h; ln -s a h/a; printf '[{\"Config\":\"a\",\"Layers\":[]}]' > h/manifest.json; tar -C h -cf f .",
            "ring"
        ),
        (
            "mkdir h; printf '[{\"Config\":\"../../etc/passwd\",\"Layers\":[]}]' > h/manifest.json; tar -C h -cf f .",
            "not in it"
        ),
        (
            "mkdir h; cd h; printf '{}' > c; printf '[{\"Config\":\"c\",\"Layers\":[\"x\"]}]' > manifest.json; tar -cf ../f .",
            "os and architecture"
        ),
    ]

    @Test("as files give one sentence, and leave nothing behind", arguments: files)
    func file(script: String, word: String) async throws {
        let folder = try ImageTestFolder()
        try await folder.makeLayout()
        try await folder.shell(script)
        try expectRefusal(of: folder("f"), in: folder, word: word, reference: nil)
    }

    private func expectRefusal(
        of path: FilePath,
        in folder: ImageTestFolder,
        word: String,
        reference: String?,
        exactly: Bool = true
    ) throws {
        let options = ImageImportOptions(platform: Platform(os: "linux", architecture: "amd64"), reference: reference)
        let error = try #require(throws: (any Error).self) {
            try ImageImporter(layers: folder.layers).importImage(at: path, options: options)
        }
        let sentence = "\(error)"
        #expect(error is any Fault, "\(error)")
        #expect(word.isEmpty || sentence.contains(word), "\(sentence)")
        #expect(!sentence.contains("\n"))
        // A layer that is good in itself may have arrived before a bad one was noticed.
        if exactly { #expect(try folder.blobCount == 0, "\(sentence)") }
    }
}
