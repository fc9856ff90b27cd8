// What Swift cannot see of libav and of the kernel: macros as constants, callbacks as C functions, and the sandbox of
// the media tool. Nothing here allocates or keeps state beyond the process' own limits.
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

// Makes every attempt of a demuxer to open something else (a playlist's entry, a data reference) fail.
void verbatim_av_refuse_other_files(AVFormatContext *context);

// The score with which `verbatim_av_identify` trusts its answer; at or below it any text may look like MP3.
extern const int verbatim_av_doubtful_score;

// Which demuxer the bytes call for, among all that libav has (so that a picture is told from an MP3), reading at most
// `limit` bytes. NULL when none claims them; `score` tells how sure it is, 0 to 100.
const AVInputFormat *verbatim_av_identify(AVIOContext *input, unsigned int limit, int *score);

struct verbatim_sandbox_limits {
    uint64_t cpu_seconds;
    uint64_t address_space_bytes;
};

struct verbatim_sandbox_outcome {
    // NULL when all went well; else a constant.
    const char *failed_step;
    bool own_network;
};

// Locks the calling process for good, in this order: descriptors from `first_closed_descriptor` up closed, limits on
// CPU, memory, files, descriptors and processes, a network of its own (best effort), death with its parent, no new
// privileges, and an allow-list of system calls that leaves it reading, writing to open descriptors and allocating.
// Returns 0, or the errno of the step that failed, named in the outcome. Must run on the only thread.
int verbatim_sandbox_enter(
    struct verbatim_sandbox_limits limits, unsigned int first_closed_descriptor,
    struct verbatim_sandbox_outcome *outcome);

// Each tries the forbidden thing and tells whether the kernel refused it. For the self-check, inside the sandbox.
bool verbatim_sandbox_refuses_open(void);
bool verbatim_sandbox_refuses_socket(void);
bool verbatim_sandbox_refuses_execution(void);
bool verbatim_sandbox_refuses_new_process(void);
bool verbatim_sandbox_refuses_signals(void);
bool verbatim_sandbox_refuses_executable_memory(void);
