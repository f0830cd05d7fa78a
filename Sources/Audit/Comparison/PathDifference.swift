// SPDX-License-Identifier: Apache-2.0

/// One path of two layers that is not the same in both.
public struct PathDifference: Equatable, Sendable {
    /// The path in the layer; bytes that are not UTF-8 are replaced.
    public var path: String
    /// What differs about it; at least one.
    public var fields: [FieldDifference]
}

/// One thing about a path that differs.
public struct FieldDifference: Equatable, Sendable {
    /// What can differ.
    public enum Field: String, Sendable, CaseIterable {
        /// Only the record has the entry.
        case missing
        /// Only the replay has the entry.
        case extra
        /// File, directory, link, ….
        case kind
        /// The permission bits.
        case mode
        /// The owner's number.
        case uid
        /// The group's number.
        case gid
        /// The length of a file.
        case size
        /// The bytes of a file.
        case content
        /// Where a symbolic link leads.
        case linkTarget
        /// The time of the last change.
        case time
        /// An extended attribute.
        case xattr
        /// The numbers of a device.
        case device
        /// How many names the file has.
        case links
        /// Whether a directory hides what lies below.
        case opaque
        /// The place of the entry among the others.
        case order
        /// The form in which the tar tells it.
        case encoding
    }

    /// What differs.
    public var field: Field
    /// What the record has.
    public var then: String
    /// What the replay has.
    public var now: String
    /// The first byte that differs, in the file.
    public var offset: Int64?
    /// Of text: the lines that differ, `-` those of the record and `+` those of the replay, and how many are left out.
    public var diff: [String] = []
    /// What it looks like, the likeliest first.
    public var suspicions: [Suspicion] = []

    /// Makes a difference of its parts.
    init(_ field: Field, _ then: String, _ now: String) {
        self.field = field
        self.then = then
        self.now = now
    }
}

/// A usual reason for builds that differ, and what makes it look like that.
public struct Suspicion: Hashable, Sendable {
    /// The usual reasons.
    public enum Suspect: String, Sendable, CaseIterable {
        /// The moment of the build, or how long something took.
        case time
        /// A folder of one build only.
        case buildPath = "build path"
        /// The number of a process.
        case pid
        /// The order of a hash table.
        case hashOrder = "hash order"
        /// Language, number formats, the order of letters.
        case locale
        /// The name of the machine.
        case hostName = "host name"
        /// Random numbers.
        case random
        /// The order in which a directory lists its entries.
        case fileOrder = "file order"
        /// Things done at once, in the order in which they happen to end.
        case parallelism
        /// The mode bits that new files don't get.
        case umask
    }

    /// The reason.
    public var suspect: Suspect
    /// What shows it, one clause.
    public var evidence: String

    /// Makes a suspicion.
    init(_ suspect: Suspect, _ evidence: String) {
        self.suspect = suspect
        self.evidence = evidence
    }
}
