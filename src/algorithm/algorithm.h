// The built-in algorithms: what runs in the images chiliad-split, chiliad-prophet and chiliad-evaluate. Each finds its
// data, settings and name among several instances in a folder that plays /opt/ml (doc/jobs.md) and leaves its results
// there; doc/algorithms.md has settings and files.
//
//     split     processing   tables of all customers          ->  <id>.csv a customer
//     prophet   training     channel "training"               ->  <id>.tar.gz a customer, a report
//     evaluate  processing   rows and models, or captured     ->  errors a customer and of the fleet
//                            forecasts and actual values
//
// A failure is one line in output/failure and on standard output.
//
// Thread safety: one at a time in a process; they use threads of their own.

#pragma once

#include <atomic>
#include <filesystem>
#include <string_view>

namespace chiliad::algorithm {

// Runs the algorithm of this name to its end, or until *stop is set. Returns the exit code: 0 done, 1 failed.
// `journal`: a folder that outlives the instance, where a job that is begun again finds what it had done; empty: none.
// Requires: is_algorithm(name).
int run(std::string_view name, const std::filesystem::path& root, const std::atomic<bool>& stop,
        const std::filesystem::path& journal = {});

bool is_algorithm(std::string_view name);

// The three. Each returns the exit code.
int run_split(const std::filesystem::path& root);
int run_prophet(const std::filesystem::path& root, const std::atomic<bool>& stop, const std::filesystem::path& journal);
int run_evaluate(const std::filesystem::path& root, const std::atomic<bool>& stop);

}  // namespace chiliad::algorithm
