import TailwartConfig
import TailwartCore
import Testing

struct SubstitutionTests {
    private let substitution = Substitution(environment: [
        "SET": "value", "EMPTY": "", "TRICKY": "${SET} $$ }: [x]\n", "_1": "underscore",
    ])

    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("${SET}", "value"), ("a${SET}b${SET}c", "avaluebvaluec"), ("$$", "$"),
        ("$$$$", "$$"), ("$${SET}", "${SET}"), ("${EMPTY:-}", ""), ("${_1}", "underscore"), ("${SET:-other}", "value"),
        ("${EMPTY:-other}", "other"), ("${UNSET:-other}", "other"), ("${UNSET:-}", ""), ("${UNSET:-a:b c}", "a:b c"),
        ("${SET:?needed}", "value"), ("}", "}"), ("{}", "{}"),
        // What a variable holds is not looked at again.
        ("${TRICKY}", "${SET} $$ }: [x]\n"),
    ]) func `references are replaced`(text: String, expected: String) {
        #expect(substitution.apply(to: text) { Issue.record("\($0)") } == expected)
    }

    @Test func `a value does not grow without end`() {
        let long = Substitution(environment: ["LONG": String(repeating: "x", count: 40_000)])
        var found: [String] = []
        #expect(long.apply(to: "${LONG}") { found.append($0) }?.count == 40_000)
        #expect(long.apply(to: "${LONG}${LONG}${LONG}") { found.append($0) } == nil)
        #expect(found == ["the value has more than 65536 bytes when its variables are replaced"])
    }

    @Test(arguments: [
        ("${UNSET}", ["the environment variable UNSET is not set; set it, or give a default: ${UNSET:-default}"]),
        ("a.${EMPTY}", ["the environment variable EMPTY is empty; set it, or write ${EMPTY:-} if it may be"]),
        ("${UNSET:?say why}", ["the environment variable UNSET is not set: say why"]),
        ("${EMPTY:?}", ["the environment variable EMPTY is not set; set it"]),
        ("a$", ["'$' stands alone; write ${NAME} for a variable or $$ for a dollar sign"]),
        ("$SET", ["'$' stands alone; write ${NAME} for a variable or $$ for a dollar sign"]),
        ("x${SET", ["'${' has no '}'; close it, or write $$ for a dollar sign"]),
        ("${}", ["'${}' is not a reference; write ${NAME}, ${NAME:-default} or ${NAME:?message}"]),
        ("${1}", ["'${1}' is not a reference; write ${NAME}, ${NAME:-default} or ${NAME:?message}"]),
        ("${A-b}", ["'${A-b}' is not a reference; write ${NAME}, ${NAME:-default} or ${NAME:?message}"]),
        (
            "${UNSET}${OTHER:?x}",
            [
                "the environment variable UNSET is not set; set it, or give a default: ${UNSET:-default}",
                "the environment variable OTHER is not set: x",
            ]
        ),
    ]) func `every bad reference is named`(text: String, messages: [String]) {
        var found: [String] = []
        #expect(substitution.apply(to: text) { found.append($0) } == nil)
        #expect(found == messages)
    }
}
