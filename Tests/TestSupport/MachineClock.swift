// Clocks for tests that must not fail because of other work on the machine. All count seconds from some moment in the past.

import Dispatch
import Foundation
import Glibc

package enum MachineClock {
    /// Always runs.
    package static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    /// Stands still while any process on the machine waits for a core: the product can keep a promise in seconds only while none does.
    package static func spare() -> Double { now() - crowded() }

    /// The time that `spare` leaves out (`/proc/pressure/cpu`). If the kernel has no such count: all time.
    static func crowded() -> Double {
        guard let text = try? String(contentsOfFile: "/proc/pressure/cpu", encoding: .utf8),
            let total = text.split(separator: "\n").first?.split(separator: " ").last?.split(separator: "=").last,
            let microseconds = Double(total)
        else { return now() }
        return microseconds / 1e6
    }

    /// The processor time of this thread alone.
    package static func ofThread() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
