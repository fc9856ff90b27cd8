// What Swift cannot import from libav and the kernel: macros as constants, callbacks as C functions, and the sandbox of the
// media tool. Nothing here allocates memory, or keeps state except the limits of the process.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdbool.h>
#include <stdint.h>

extern const int verbatim_av_error_eof;
extern const int verbatim_av_error_again;
extern const int verbatim_av_error_invalid_data;
extern const int verbatim_av_error_io;
extern const int verbatim_av_error_no_memory;
extern const int64_t verbatim_av_no_timestamp;

// Silences libav for the whole process: its messages may quote the file.
void verbatim_av_silence(void);

// Makes every attempt of a demuxer fail that opens another file (a playlist's entry, a data reference).
void verbatim_av_refuse_other_files(AVFormatContext *context);

// A score of `verbatim_av_identify` above this is reliable. At or below it, any text may look like MP3.
extern const int verbatim_av_doubtful_score;

// Returns the demuxer for the input, among all of libav's, so that a picture is not taken for an MP3. Reads at most `limit`
// bytes. NULL if no demuxer accepts them. `score` says how sure it is, 0 to 100.
const AVInputFormat *verbatim_av_identify(AVIOContext *input, unsigned int limit, int *score);

struct verbatim_sandbox_limits {
    uint64_t cpu_seconds;
    uint64_t address_space_bytes;
};

struct verbatim_sandbox_outcome {
    // NULL on success, else a constant string.
    const char *failed_step;
    bool own_network;
};

// Locks the calling process in for good. It closes the descriptors from `first_closed_descriptor` up, moves the process into
// a network namespace of its own (best effort), limits CPU time, memory, files, descriptors and processes, and lets the
// process die with its parent and gain no privileges. Last comes an allow list of system calls, with which it can still read
// and write open descriptors and allocate memory.
// Returns 0, or the errno of the step that failed, which the outcome names. The process must have only one thread.
int verbatim_sandbox_enter(
    struct verbatim_sandbox_limits limits, unsigned int first_closed_descriptor,
    struct verbatim_sandbox_outcome *outcome);

// Each tries something forbidden and returns whether the kernel refused it. For the self-check inside the sandbox.
bool verbatim_sandbox_refuses_open(void);
bool verbatim_sandbox_refuses_socket(void);
bool verbatim_sandbox_refuses_execution(void);
bool verbatim_sandbox_refuses_new_process(void);
bool verbatim_sandbox_refuses_signals(void);
bool verbatim_sandbox_refuses_executable_memory(void);
