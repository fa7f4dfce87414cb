/// Database dumps and database files, known by their first bytes and, where those only say "compressed", by their name.
enum Dump {
    /// Where a text dump says what it is: its header is a comment in its first lines.
    private static let headerLength = 4096

    private static let magic: [(bytes: [UInt8], name: String)] = [
        // pg_dump -Fc; pg_dump -Ft is a tar file whose first member is toc.dat.
        (Array("PGDMP".utf8), "a PostgreSQL dump"),
        (Array("toc.dat\0".utf8), "a PostgreSQL dump"),
        (Array("SQLite format 3\0".utf8), "an SQLite database"),
        (Array("REDIS0".utf8), "a Redis dump"),
    ]

    private static let headers: [(text: String, name: String)] = [
        ("-- PostgreSQL database dump", "a PostgreSQL dump"),
        ("-- PostgreSQL database cluster dump", "a PostgreSQL dump"),
        ("-- MySQL dump ", "a MySQL dump"),
        ("-- MariaDB dump ", "a MariaDB dump"),
    ]

    /// gzip (RFC 1952), Zstandard (RFC 8878), xz, bzip2.
    private static let compressed: [[UInt8]] = [
        [0x1F, 0x8B], [0x28, 0xB5, 0x2F, 0xFD], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], Array("BZh".utf8),
    ]

    static func kind(path: String, bytes: [UInt8]) -> String? {
        for (magic, name) in magic where bytes.starts(with: magic) { return name }
        let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        let words = name.split(separator: ".").dropFirst()
        if words.contains(where: { $0 == "sql" || $0 == "dump" || $0 == "pgdump" }),
            compressed.contains(where: { bytes.starts(with: $0) })
        {
            return "a compressed database dump"
        }
        if words.last == "dump", !bytes.isEmpty { return "a dump, by its name" }
        // At the beginning of a line: a program may well look for such a header.
        var lines = SourceLines(Array(bytes.prefix(headerLength)))
        while let line = lines.next() {
            for (text, name) in headers where line.bytes.hasPrefix(text) { return name }
        }
        return nil
    }
}
