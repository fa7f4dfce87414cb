import CTailwartLinux
import Glibc

/// Descriptors that came from another process. Those that nobody takes are closed.
package struct DescriptorList: ~Copyable, Sendable {
    private var raws: ArraySlice<CInt>

    init(owning raws: [CInt]) { self.raws = raws[...] }

    package init() { raws = [] }

    package var count: Int { raws.count }

    /// The first that nobody has taken; nil if there is none.
    package mutating func takeFirst() -> Descriptor? { raws.popFirst().map { Descriptor(owning: $0) } }

    deinit { for raw in raws { Glibc.close(raw) } }
}

/// A connection of two processes on one host that send each other packets, with descriptors in them (`SOCK_SEQPACKET`, `SCM_RIGHTS`, unix(7)).
package struct PacketSocket: ~Copyable, Sendable {
    package enum Received: ~Copyable {
        case packet([UInt8], DescriptorList)
        case wouldBlock
        /// The other side has closed, or has ended.
        case end
        /// A packet that is too long, or whose descriptors did not all come: what came of them is closed.
        case truncated
        case failed(Errno)
    }

    /// As many descriptors as one packet can carry (`SCM_MAX_FD`, unix(7)).
    package static let maximumDescriptors = 253

    private var descriptor: Descriptor

    package init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Connects to a socket that ``ListeningSocket/init(unixPath:isPacket:permissions:replaces:)`` opened.
    package init(connectingTo path: String) throws(SystemError) {
        guard let address = SocketAddress(unixPath: path) else {
            throw SystemError("connect", Errno(rawValue: ENAMETOOLONG))
        }
        var descriptor: Descriptor
        do throws(Errno) {
            descriptor = try Socket.new(family: AF_UNIX, type: CInt(SOCK_SEQPACKET.rawValue))
        } catch { throw SystemError("socket", error) }
        // Answered at once: a full queue of those who wait is an error (EAGAIN).
        if case .failed(let error) = descriptor.socket.connect(to: address) {
            descriptor.close()
            throw SystemError("connect", error)
        }
        self.descriptor = descriptor
    }

    package var raw: CInt { descriptor.raw }

    /// Sends a packet, whole or not at all. The descriptors stay the caller's.
    ///
    /// - Parameter descriptors: at most ``maximumDescriptors``.
    package borrowing func send(_ bytes: [UInt8], passing descriptors: [CInt] = []) -> IOResult {
        IOResult.of { ControlMessage.send(raw, bytes, descriptors, to: nil) }
    }

    /// - Parameter limit: bytes of the longest packet.
    package borrowing func receive(limit: Int) -> Received {
        var bytes = [UInt8](repeating: 0, count: limit)
        var message = ControlMessage.Incoming()
        let raw = raw
        let result = bytes.withUnsafeMutableBytes { bytes in
            IOResult.of { message.receive(raw, into: bytes) }
        }
        let descriptors = DescriptorList(owning: message.descriptors)
        switch result {
        // A packet of no bytes reads like the end, and nobody here sends one.
        case .count(0): return .end
        case .count where message.isTruncated: return .truncated
        case .count(let count): return .packet(Array(bytes[..<count]), descriptors)
        case .wouldBlock: return .wouldBlock
        // The other side closed without having read all. Linux says so once, before what it sent, which is still there.
        case .failed(.connectionReset): return receive(limit: limit)
        case .failed(let error): return .failed(error)
        }
    }

    package mutating func close() { descriptor.close() }
}

/// `sendmsg` and `recvmsg` with descriptors (cmsg(3)), whose macros Swift does not see.
enum ControlMessage {
    /// `CMSG_ALIGN(sizeof(struct cmsghdr))` on a system of 64 bits: length, level, type.
    private static let head = 16

    static func send(_ raw: CInt, _ bytes: [UInt8], _ descriptors: [CInt], to address: SocketAddress?) -> Int {
        precondition(descriptors.count <= PacketSocket.maximumDescriptors, "more descriptors than a message carries")
        let length = head + descriptors.count * MemoryLayout<CInt>.size
        return withUnsafeTemporaryAllocation(byteCount: (length + 7) & ~7, alignment: 8) { control in
            control.initializeMemory(as: UInt8.self, repeating: 0)
            control.storeBytes(of: length, as: Int.self)
            control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: CInt.self)
            control.storeBytes(of: tw_scm_rights, toByteOffset: 12, as: CInt.self)
            for (index, descriptor) in descriptors.enumerated() {
                control.storeBytes(
                    of: descriptor, toByteOffset: head + index * MemoryLayout<CInt>.size, as: CInt.self)
            }
            return bytes.withUnsafeBytes { bytes in
                var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    if !descriptors.isEmpty {
                        message.msg_control = control.baseAddress
                        message.msg_controllen = control.count
                    }
                    guard let address else { return sendmsg(raw, &message, CInt(MSG_NOSIGNAL)) }
                    return address.withPointer { pointer, length in
                        message.msg_name = UnsafeMutableRawPointer(mutating: pointer)
                        message.msg_namelen = length
                        return sendmsg(raw, &message, CInt(MSG_NOSIGNAL))
                    }
                }
            }
        }
    }

    struct Incoming {
        private(set) var descriptors: [CInt] = []
        /// Of the packet or of what came with it, something is missing.
        private(set) var isTruncated = false

        /// What came with the packet is the caller's, in any case.
        mutating func receive(_ raw: CInt, into bytes: UnsafeMutableRawBufferPointer) -> Int {
            let room = (head + PacketSocket.maximumDescriptors * MemoryLayout<CInt>.size + 7) & ~7
            var found: [CInt] = []
            var flags: CInt = 0
            let count = withUnsafeTemporaryAllocation(byteCount: room, alignment: 8) { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    let count = recvmsg(raw, &message, tw_msg_cmsg_cloexec)
                    guard count >= 0 else { return count }
                    flags = message.msg_flags
                    found = Self.descriptors(
                        in: UnsafeRawBufferPointer(rebasing: control[..<Int(message.msg_controllen)]))
                    return count
                }
            }
            descriptors = found
            isTruncated = flags & (CInt(MSG_TRUNC) | CInt(MSG_CTRUNC)) != 0
            return count
        }

        /// Of every message in what the kernel wrote; there may be others than descriptors.
        private static func descriptors(in control: UnsafeRawBufferPointer) -> [CInt] {
            var found: [CInt] = []
            var position = 0
            while position + head <= control.count {
                let length = control.loadUnaligned(fromByteOffset: position, as: Int.self)
                guard length >= head, length <= control.count - position else { break }
                let level = control.loadUnaligned(fromByteOffset: position + 8, as: CInt.self)
                let type = control.loadUnaligned(fromByteOffset: position + 12, as: CInt.self)
                if level == SOL_SOCKET, type == tw_scm_rights {
                    for offset in stride(from: position + head, to: position + length - 3, by: 4) {
                        found.append(control.loadUnaligned(fromByteOffset: offset, as: CInt.self))
                    }
                }
                position += (length + 7) & ~7
            }
            return found
        }
    }
}
