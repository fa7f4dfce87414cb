import CTailwartTLS

/// SHA-256 and what is made of it, by OpenSSL.
package enum SHA256 {
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: size)
        EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        return digest
    }

    /// RFC 2104.
    package static func hmac(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: size)
        HMAC(EVP_sha256(), key, CInt(key.count), bytes, bytes.count, &code, nil)
        return code
    }

    /// Whether a code is that of these bytes, in a time that says nothing of how much of it is right.
    package static func isHMAC(_ code: [UInt8], key: [UInt8], of bytes: [UInt8]) -> Bool {
        code.count == size && CRYPTO_memcmp(code, hmac(key: key, bytes), size) == 0
    }

    /// PBKDF2 (RFC 8018 section 5.2) with one block.
    ///
    /// - Parameter iterations: at least 1; the time that it takes is in proportion to them.
    package static func derive(password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: size)
        password.withUnsafeBytes { password in
            _ = PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(password.count), salt, CInt(salt.count),
                CInt(clamping: iterations), EVP_sha256(), CInt(size), &key)
        }
        return key
    }

    private static let size = 32
}

/// RFC 4648 section 4.
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String {
        // With a zero at the end.
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = EVP_EncodeBlock(&text, bytes, CInt(bytes.count))
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }

    /// Nil for what is no Base64 with its padding.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let text = Array(text.utf8)
        let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard !text.isEmpty, text.count.isMultiple(of: 4), padding < 3 else { return text.isEmpty ? [] : nil }
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3)
        // Counts the padding as zeros, wherever it is.
        let count = EVP_DecodeBlock(&bytes, text, CInt(text.count))
        bytes.removeLast(padding)
        guard count > 0, encode(bytes).utf8.elementsEqual(text) else { return nil }
        return bytes
    }
}
