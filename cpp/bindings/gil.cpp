#include "bindings/gil.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace pl {
namespace {

using std::chrono::milliseconds;

std::atomic<bool> ending{false};
std::atomic<std::thread::id> ended_by{};
std::atomic<int> asking{0};  // threads between the wish for the GIL and having it

// Called by Python with the GIL, before it ends: those who ask already get it first. Others see `ending`.
void begin_to_end() {
    ended_by = std::this_thread::get_id();
    ending = true;
    const pybind11::gil_scoped_release release;
    for (int waited = 0; asking > 0 && waited < 1000; ++waited) std::this_thread::sleep_for(milliseconds(1));
}

// Either `begin_to_end` sees that this thread is asking, or this thread sees that Python ends, and stays.
void ask() {
    ++asking;
    if (!python_ends()) return;
    --asking;
    while (true) std::this_thread::sleep_for(milliseconds(1000));
}

}  // namespace

bool python_ends() {
    return ending && ended_by.load() != std::this_thread::get_id();
}

void watch_for_the_end() {
    pybind11::module_::import("atexit").attr("register")(pybind11::cpp_function(&begin_to_end));
}

TakenGil::TakenGil() {
    ask();
    gil_.emplace();
    --asking;
}

ReleasedGil::~ReleasedGil() {
    ask();
    release_.reset();
    --asking;
}

}  // namespace pl
