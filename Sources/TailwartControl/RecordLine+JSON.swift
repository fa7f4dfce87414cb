import TailwartCore
import TailwartWire

extension RecordLine {
    /// One JSON object and a line feed; a key whose value is not known is left out.
    package func writeJSON(to out: inout LineBuffer) {
        out.append("{\"time\":\"")
        out.append(time: record.acceptedAt)
        out.append("\",\"level\":\"info\",\"message\":\"connection\",\"id\":\"")
        out.append(text: id)
        out.append("\",\"listener\":")
        out.append(json: listener.name)
        out.append(",\"protocol\":\"")
        out.append(text: listener.proto.rawValue)
        out.append("\",\"client\":\"")
        out.append(text: client)
        out.append("\"")
        if let name = hello?.serverName {
            out.append(",\"server_name\":")
            out.append(json: String(name))
        }
        let alpn = offeredALPN
        if !alpn.isEmpty {
            out.append(",\"alpn\":[")
            for (index, name) in alpn.enumerated() {
                if index > 0 { out.append(",") }
                out.append(json: name)
            }
            out.append("]")
        }
        if let route = record.route {
            out.append(",\"route\":")
            out.append(number: UInt64(route))
        }
        string("upstream", upstream, &out)
        string("endpoint", endpoint, &out)
        string("upstream_address", upstreamAddress, &out)
        out.append(",\"bytes_in\":")
        out.append(number: record.inboundBytes)
        out.append(",\"bytes_out\":")
        out.append(number: record.outboundBytes)
        milliseconds("route_ms", record.times.toRoute.map(UInt64.init), &out)
        milliseconds("connect_ms", record.times.toConnect.map(UInt64.init), &out)
        milliseconds("first_byte_ms", record.times.toFirstByte.map(UInt64.init), &out)
        milliseconds("total_ms", record.times.total, &out)
        out.append(",\"ended_by\":\"")
        out.append(text: record.ending.side.name)
        out.append("\",\"reason\":\"")
        out.append(text: record.ending.reason.name)
        out.append("\"")
        if record.wasRefused { out.append(",\"refused\":true") }
        out.append("}\n")
    }

    private func string(_ key: StaticString, _ value: String?, _ out: inout LineBuffer) {
        guard let value else { return }
        start(key, &out)
        out.append(json: value)
    }

    private func milliseconds(_ key: StaticString, _ microseconds: UInt64?, _ out: inout LineBuffer) {
        guard let microseconds else { return }
        start(key, &out)
        out.append(milliseconds: microseconds)
    }

    private func start(_ key: StaticString, _ out: inout LineBuffer) {
        out.append(",\"")
        out.append(key)
        out.append("\":")
    }
}
