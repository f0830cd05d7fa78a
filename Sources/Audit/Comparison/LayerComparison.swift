// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// Two layers compared entry by entry through their indexes and tars; nothing is unpacked or mounted.
struct LayerComparison: Sendable {
    /// The paths that differ, in byte order, at most `limit`.
    private(set) var differences: [PathDifference] = []
    /// How many paths differ in all.
    private(set) var count = 0

    private let then: LayerView
    private let now: LayerView
    private let suspects: SuspectFinder
    private let limit: Int

    /// Compares the layer `then` of one store with the layer `now` of another.
    ///
    /// - Parameters:
    ///   - suspects: Looks at what differs.
    ///   - limit: How many paths are looked at closely; the others are counted.
    /// - Throws: `BlobError`, `LayerError` for layers that can't be read.
    init(
        _ then: ContentDigest,
        in old: LayerStore,
        with now: ContentDigest,
        in new: LayerStore,
        suspects: SuspectFinder,
        limit: Int = 100
    ) throws {
        self.then = try old.bareView(then)
        self.now = try new.bareView(now)
        self.suspects = suspects
        self.limit = limit
        try compareTrees()
        pairNames()
        differences.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        if count == 0, then != now { try compareTars(then, old, now, new) }
    }

    // MARK: Entries

    /// Walks both trees at once, directory by directory, with a stack of its own.
    private mutating func compareTrees() throws {
        var pending = [(try then.root, try now.root)]
        while let (left, right) = pending.popLast() {
            try compare(left, right)
            guard left.kind == .directory, right.kind == .directory else { continue }
            var (lefts, rights) = (try then.children(of: left)[...], try now.children(of: right)[...])
            while let next = Self.next(&lefts, &rights) {
                switch next {
                case (let left?, let right?): pending.append((left, right))
                case (let left?, nil): try alone(left, in: then, .missing)
                case (nil, let right?): try alone(right, in: now, .extra)
                case (nil, nil): break
                }
            }
        }
    }

    /// The next name of two sorted lists, from one or from both.
    private static func next(
        _ lefts: inout ArraySlice<ViewEntry>,
        _ rights: inout ArraySlice<ViewEntry>
    ) -> (ViewEntry?, ViewEntry?)? {
        switch (lefts.first, rights.first) {
        case (nil, nil): nil
        case (_?, nil): (lefts.popFirst(), nil)
        case (nil, _?): (nil, rights.popFirst())
        case (let left?, let right?) where left.name == right.name: (lefts.popFirst(), rights.popFirst())
        case (let left?, let right?) where left.name.lexicographicallyPrecedes(right.name): (lefts.popFirst(), nil)
        default: (nil, rights.popFirst())
        }
    }

    /// An entry that one layer has alone; what lies below a directory goes with it.
    private mutating func alone(_ entry: ViewEntry, in view: LayerView, _ field: FieldDifference.Field) throws {
        let words = Self.words(entry)
        let difference = field == .missing ? FieldDifference(.missing, words, "") : FieldDifference(.extra, "", words)
        add(entry.displayPath, [difference])
    }

    private mutating func compare(_ left: ViewEntry, _ right: ViewEntry) throws {
        guard left.kind == right.kind else {
            return add(left.displayPath, [FieldDifference(.kind, Self.words(left), Self.words(right))])
        }
        var fields: [FieldDifference] = []
        // What a layer has only because something lies in it has no attributes of its own.
        if try !then.isImplied(left), try !now.isImplied(right) { fields += attributes(left, right) }
        if left.isOpaque != right.isOpaque {
            fields.append(FieldDifference(.opaque, "\(left.isOpaque)", "\(right.isOpaque)"))
        }
        if left.kind == .symbolicLink, left.linkTarget != right.linkTarget {
            let (old, new) = (Self.text(left.linkTarget), Self.text(right.linkTarget))
            var field = FieldDifference(.linkTarget, old, new)
            field.suspicions = suspects.inText(left.linkTarget, right.linkTarget, path: left.displayPath)
            fields.append(field)
        }
        if left.kind == .regular { fields += try contents(left, right) }
        if !fields.isEmpty { add(left.displayPath, fields) }
    }

    private func attributes(_ left: ViewEntry, _ right: ViewEntry) -> [FieldDifference] {
        let (old, new) = (left.attributes, right.attributes)
        var fields: [FieldDifference] = []
        func add(_ field: FieldDifference.Field, _ then: String, _ now: String, _ suspicion: Suspicion? = nil) {
            guard then != now else { return }
            var difference = FieldDifference(field, then, now)
            difference.suspicions = suspicion.map { [$0] } ?? []
            fields.append(difference)
        }
        let umask =
            (old.mode ^ new.mode) & ~0o066 == 0 ? Suspicion(.umask, "only bits for group and others differ") : nil
        add(.mode, Self.octal(old.mode), Self.octal(new.mode), umask)
        add(.uid, "\(old.uid)", "\(new.uid)")
        add(.gid, "\(old.gid)", "\(new.gid)")
        let times = Suspicion(.time, "the file's own time is kept")
        add(.time, Self.moment(old.modified), Self.moment(new.modified), times)
        add(.device, "\(old.device.major):\(old.device.minor)", "\(new.device.major):\(new.device.minor)")
        if left.kind == .regular { add(.links, "\(left.linkCount)", "\(right.linkCount)") }
        let names = Set(old.xattrs.map(\.name)).union(new.xattrs.map(\.name))
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            func value(_ attributes: FileAttributes) -> String {
                attributes.xattrs.first { $0.name == name }.map { Self.text($0.value) } ?? "none"
            }
            add(.xattr, "\(Self.text(name))=\(value(old))", "\(Self.text(name))=\(value(new))")
        }
        return fields
    }

    private func contents(_ left: ViewEntry, _ right: ViewEntry) throws -> [FieldDifference] {
        guard try then.contentDigest(of: left) != now.contentDigest(of: right) else { return [] }
        var fields: [FieldDifference] = []
        if left.size != right.size { fields.append(FieldDifference(.size, "\(left.size)", "\(right.size)")) }
        guard count < limit else { return fields + [FieldDifference(.content, "", "")] }
        let content = try ContentComparison(left, in: then, right, in: now)
        fields.append(content.difference(suspects: suspects))
        return fields
    }

    private mutating func add(_ path: String, _ fields: [FieldDifference]) {
        count += 1
        if differences.count < limit { differences.append(PathDifference(path: path, fields: fields)) }
    }

    /// Looks at names that one layer has in place of others in the same folder.
    private mutating func pairNames() {
        func folder(_ path: String) -> Substring { path.lastIndex(of: "/").map { path[..<$0] } ?? "" }
        let missing = differences.indices.filter { differences[$0].fields.first?.field == .missing }
        var extra = differences.indices.filter { differences[$0].fields.first?.field == .extra }
        for place in missing {
            let path = differences[place].path
            guard let other = extra.firstIndex(where: { folder(differences[$0].path) == folder(path) }) else {
                continue
            }
            let name = differences[extra[other]].path
            let found = suspects.inText(Array(path.utf8), Array(name.utf8), path: path)
            differences[place].fields[0].suspicions = found
            differences[extra[other]].fields[0].suspicions = found
            extra.remove(at: other)
        }
    }

    // MARK: Tars of equal trees

    /// Finds what the trees don't show: the order of the entries, or how the tar tells them.
    private mutating func compareTars(
        _ then: ContentDigest,
        _ old: LayerStore,
        _ now: ContentDigest,
        _ new: LayerStore
    ) throws {
        let (olds, news) = (try old.memberPaths(of: then), try new.memberPaths(of: now))
        if let place = zip(olds, news).enumerated().first(where: { $0.element.0 != $0.element.1 }) {
            let (left, right) = place.element
            let words = "entry \(place.offset + 1)"
            var field = FieldDifference(.order, "\(words) is \(Self.text(left))", "\(words) is \(Self.text(right))")
            field.suspicions = [Suspicion(.fileOrder, "the same entries come in another order")]
            return add(Self.text(left), [field])
        }
        add("", [FieldDifference(.encoding, then.description, now.description)])
    }

    // MARK: Words

    private static func words(_ entry: ViewEntry) -> String {
        switch entry.kind {
        case .regular: "file, \(entry.size) bytes"
        case .directory: "directory"
        case .symbolicLink: "link to \(text(entry.linkTarget))"
        case .characterDevice: "character device"
        case .blockDevice: "block device"
        case .fifo: "pipe"
        case .socket: "socket"
        case .whiteout: "deletion"
        }
    }

    static func octal(_ mode: UInt16) -> String { "0" + String(mode, radix: 8) }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func moment(_ time: Timestamp) -> String {
        let fraction = time.nanoseconds % 1_000_000_000
        return fraction == 0 ? time.rfc3339 : "\(time.rfc3339) + \(fraction) ns"
    }
}
