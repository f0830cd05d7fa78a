// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

/// When each part of a build began and ended, and which of them it had to wait for.
public struct Timeline: Sendable {
    /// One part: a source, a step or an export.
    public struct Span: Sendable {
        /// What it is.
        public enum Kind: String, Sendable {
            /// A source that was resolved and read.
            case source
            /// A step that ran.
            case step
            /// A step whose result was known; it takes no time.
            case cached
            /// A step that failed, or that the end of the build cut off.
            case failed
            /// An export.
            case export
        }
        /// What a person calls it.
        public var name: String
        /// What it is.
        public var kind: Kind
        /// Nanoseconds from the start of the build.
        public var start: Int64
        /// Nanoseconds from the start of the build, not before `start`.
        public var end: Int64
        /// Its vertex; `nil` for exports.
        public var vertex: ContentDigest?
        /// Whether the build could not have ended before it did.
        public var isCritical = false
    }

    /// The parts, in the order in which they began.
    public private(set) var spans: [Span] = []
    /// The length of the build in nanoseconds.
    public private(set) var length: Int64 = 0

    /// Folds the events of one build.
    ///
    /// - Parameter inputs: What each vertex of its graphs reads.
    public init(_ events: [RecordedEvent], inputs: [ContentDigest: [ContentDigest]]) {
        guard let first = events.first else { return }
        var open: [ContentDigest: Int] = [:]
        var exports: [Int] = []
        var names: [ContentDigest: String] = [:]
        for event in events {
            let time = max(0, event.time.nanoseconds - first.time.nanoseconds)
            length = max(length, time)
            switch event.event {
            case .sourceResolving(let source):
                guard let vertex = source.vertex else { continue }
                open[vertex] = begin(source.identifier, .source, at: time, vertex: vertex)
            case .sourceResolved(let source):
                guard let text = source.details["vertex"], let vertex = try? ContentDigest(parsing: text) else {
                    continue
                }
                close(&open, vertex, at: time, as: .source)
            case .stepKeyed(let step): names[step.vertex] = step.name
            case .stepReused(let step):
                let span = begin(names[step.vertex] ?? "", .cached, at: time, vertex: step.vertex)
                spans[span].end = time
            case .stepStarted(let step):
                open[step.vertex] = begin(names[step.vertex] ?? "", .failed, at: time, vertex: step.vertex)
            case .stepFinished(let step): close(&open, step.vertex, at: time, as: .step)
            case .stepFailed(let step): close(&open, step.vertex, at: time, as: .failed)
            case .exportStarted(let export): exports.append(begin(export.exporter, .export, at: time, vertex: nil))
            case .exportFinished:
                if let last = exports.popLast() { spans[last].end = time }
            default: continue
            }
        }
        // What has no end was cut off with the build.
        for index in Array(open.values) + exports { spans[index].end = length }
        markCritical(inputs)
    }

    private mutating func begin(_ name: String, _ kind: Span.Kind, at time: Int64, vertex: ContentDigest?) -> Int {
        spans.append(Span(name: name, kind: kind, start: time, end: time, vertex: vertex))
        return spans.count - 1
    }

    private mutating func close(
        _ open: inout [ContentDigest: Int],
        _ vertex: ContentDigest,
        at time: Int64,
        as kind: Span.Kind
    ) {
        guard let index = open.removeValue(forKey: vertex) else { return }
        spans[index].end = time
        spans[index].kind = kind
    }

    /// Goes back from the end of the build: the part that ended last, the one of its inputs that ended last, and so on.
    private mutating func markCritical(_ inputs: [ContentDigest: [ContentDigest]]) {
        let places = Dictionary(spans.indices.compactMap { index in spans[index].vertex.map { ($0, index) } }) { $1 }
        var at = spans.indices.max { (spans[$0].end, spans[$0].start, $0) < (spans[$1].end, spans[$1].start, $1) }
        while let index = at {
            spans[index].isCritical = true
            let reads: [Int]
            if let vertex = spans[index].vertex {
                reads = (inputs[vertex] ?? []).compactMap { places[$0] }
            } else {
                // An export waits for all that is not an export, and for the exports before it.
                reads = spans.indices.filter { $0 < index && spans[$0].end <= spans[index].start }
            }
            at = reads.filter { !spans[$0].isCritical }.max { (spans[$0].end, $0) < (spans[$1].end, $1) }
        }
    }
}
