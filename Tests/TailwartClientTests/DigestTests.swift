import TailwartClient
import Testing

struct DigestTests {
    @Test(arguments: [
        "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=", "foobar": "Zm9vYmFy",
    ])
    func `the texts of RFC 4648 section 10`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "====", "Zm9v!A==", "Zm\u{e4}v", "Z=9v"])
    func `what is no Base64 has no bytes`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func `the code of RFC 4231 section 4_3`() {
        let code = SHA256.hmac(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        #expect(code.prefix(4) == [0x5b, 0xdc, 0xc1, 0x46] && code.suffix(4) == [0x64, 0xec, 0x38, 0x43])
    }

    @Test func `a code is good for its bytes and its key alone`() {
        let (key, bytes) = (Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        let code = SHA256.hmac(key: key, bytes)
        #expect(SHA256.isHMAC(code, key: key, of: bytes))
        #expect(!SHA256.isHMAC(code, key: key, of: bytes + [0]) && !SHA256.isHMAC(code, key: key + [1], of: bytes))
        #expect(!SHA256.isHMAC([], key: key, of: bytes) && !SHA256.isHMAC(code + [0], key: key, of: bytes))
        for index in code.indices {
            var other = code
            other[index] ^= 1
            #expect(
                !SHA256.isHMAC(other, key: key, of: bytes)
                    && !SHA256.isHMAC(Array(code.prefix(index)), key: key, of: bytes))
        }
    }
}
