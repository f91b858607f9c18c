#include "job/job.h"

namespace chiliad::job {

std::optional<InputMode> input_mode_of(std::string_view text) {
  if (text == "File" || text.empty()) return InputMode::kFile;
  if (text == "Pipe") return InputMode::kPipe;
  if (text == "FastFile") return InputMode::kFastFile;
  return std::nullopt;
}

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::kStarting: return "Starting";
    case Phase::kDownloading: return "Downloading";
    case Phase::kTraining: return "Training";
    case Phase::kUploading: return "Uploading";
    case Phase::kStopping: return "Stopping";
    case Phase::kMaxRuntimeExceeded: return "MaxRuntimeExceeded";
    case Phase::kCompleted: return "Completed";
    case Phase::kFailed: return "Failed";
    case Phase::kStopped: return "Stopped";
  }
  return "?";
}

bool is_end(Phase phase) { return phase >= Phase::kCompleted; }

}  // namespace chiliad::job
