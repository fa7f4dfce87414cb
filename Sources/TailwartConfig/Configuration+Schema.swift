package import TailwartCore
import TailwartWire

extension Configuration {
    /// The JSON Schema of a configuration file: the text of `tailwart.schema.json`.
    package static var schema: String {
        JSONSchema.document(of: ConfigurationLoader.shape, title: "Tailwart configuration").fileText
    }
}
