/// An object as a file of this machine: the object itself where storage is a folder, else a copy.
package struct LocalFile: Sendable {
    package let path: String
}
