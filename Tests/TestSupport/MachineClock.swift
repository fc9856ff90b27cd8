// Clocks for tests that other work on the machine must not turn red. All count in seconds from some time in the past.

import Dispatch
import Foundation
import Glibc

package enum MachineClock {
    /// Goes on whatever happens.
    package static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    /// Stands still while some process of the machine waits for a core: a promise in seconds can be kept, and so judged, only while none does.
    package static func spare() -> Double { now() - crowded() }

    /// What `spare` leaves out (`/proc/pressure/cpu`): everything, where the kernel does not count it.
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
