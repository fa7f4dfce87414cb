import Testing

@testable import TailwartGate

struct SCRAMTests {
    private static let challenge =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

    private var scram: SCRAM { SCRAM(user: "user", password: "pencil", nonce: "rOprNGfwEbeRWgbNEkqO") }

    @Test func `the exchange of RFC 7677 section 3`() {
        var scram = scram
        #expect(scram.first == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
        #expect(
            scram.proof(for: Self.challenge)
                == "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        )
        #expect(scram.isProven(by: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))
        for wrong in ["v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "v=", "e=other-error", "", "v=AAAA"] {
            #expect(!scram.isProven(by: wrong))
        }
    }

    @Test func `nobody is proven who was not asked`() {
        #expect(!scram.isProven(by: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))
    }

    @Test(arguments: [
        "", ",", "r=,s=,i=", "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        // Nothing of the server's own.
        "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ=,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2147483648",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999999999", "m=x,r=rOprNGfwEbeRWgbNEkqOx",
    ])
    func `what is no challenge gets no proof`(challenge: String) {
        var scram = scram
        #expect(scram.proof(for: challenge) == nil)
    }
}
