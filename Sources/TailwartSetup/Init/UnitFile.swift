/// `deploy/systemd/tailwart.service`.
package enum UnitFile {
    package static let text = String(decoding: PackageResources.tailwart_service, as: UTF8.self)
}
