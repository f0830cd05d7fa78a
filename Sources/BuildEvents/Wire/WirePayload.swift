// SPDX-License-Identifier: Apache-2.0

/// A payload's form in a body of the newest version of its kind.
protocol WirePayload {
    /// Reads the payload; members that it does not know are passed over.
    init(from reader: WireReader) throws(WireError)

    /// Writes the payload.
    func write(to body: inout WireBody)
}
