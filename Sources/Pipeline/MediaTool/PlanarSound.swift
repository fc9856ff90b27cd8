/// Samples of several channels, each channel's in a row. Valid as long as the call that it is given to.
struct PlanarSound {
    let channels: Int
    /// Samples of each channel.
    let count: Int
    private let samples: UnsafePointer<Float>
    /// From one channel's first sample to the next one's.
    private let stride: Int

    init(_ samples: UnsafePointer<Float>, channels: Int, count: Int, stride: Int) {
        self.samples = samples
        self.channels = channels
        self.count = count
        self.stride = stride
    }

    subscript(channel: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: samples + channel * stride, count: count)
    }
}
