// libav's macros and variadic functions as plain constants and functions.
#include "CAV.h"

#include <errno.h>

const int verbatim_av_error_eof = AVERROR_EOF;
const int verbatim_av_error_again = AVERROR(EAGAIN);
const int verbatim_av_error_invalid_data = AVERROR_INVALIDDATA;
const int verbatim_av_error_io = AVERROR(EIO);
const int verbatim_av_error_no_memory = AVERROR(ENOMEM);
const int64_t verbatim_av_no_timestamp = AV_NOPTS_VALUE;
const int verbatim_av_doubtful_score = AVPROBE_SCORE_RETRY;

static void discard_message(void *object, int level, const char *format, va_list arguments) {
    (void)object;
    (void)level;
    (void)format;
    (void)arguments;
}

void verbatim_av_silence(void) {
    av_log_set_level(AV_LOG_QUIET);
    av_log_set_callback(discard_message);
}

static int refuse_open(
    AVFormatContext *context, AVIOContext **opened, const char *url, int flags, AVDictionary **options) {
    (void)context;
    (void)url;
    (void)flags;
    (void)options;
    *opened = NULL;
    return AVERROR(EPERM);
}

void verbatim_av_refuse_other_files(AVFormatContext *context) {
    context->io_open = refuse_open;
}

const AVInputFormat *verbatim_av_identify(AVIOContext *input, unsigned int limit, int *score) {
    const AVInputFormat *format = NULL;
    int found = av_probe_input_buffer2(input, &format, "", NULL, 0, limit);
    *score = found < 0 ? 0 : found;
    return found < 0 ? NULL : format;
}
