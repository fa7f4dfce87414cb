/// The ports of 127.0.0.1 that a running sandbox listens on.
package struct SandboxPorts: Sendable, Equatable {
    package var smtp: UInt16 = 0
    package var submission: UInt16 = 0
    package var submissions: UInt16 = 0
    package var imaps: UInt16 = 0
    package var https: UInt16 = 0
    package var web: UInt16 = 0
    package var echo: UInt16 = 0

    package subscript(service: SandboxService) -> UInt16 {
        get {
            switch service {
            case .smtp: smtp
            case .submission: submission
            case .submissions: submissions
            case .imaps: imaps
            case .https: https
            case .web: web
            case .echo: echo
            }
        }
        set {
            switch service {
            case .smtp: smtp = newValue
            case .submission: submission = newValue
            case .submissions: submissions = newValue
            case .imaps: imaps = newValue
            case .https: https = newValue
            case .web: web = newValue
            case .echo: echo = newValue
            }
        }
    }
}
