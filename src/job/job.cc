#include "job/job.h"

namespace chiliad::job {

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
