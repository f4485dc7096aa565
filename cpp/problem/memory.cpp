#include "problem/memory.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <stdexcept>

#include "kernel/printable.hpp"
#include "parallel/cgroup.hpp"

namespace pl {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// Below it nothing is asked, unless the user has set a limit: what there is stands in files, and to read them
// takes as long as a small run.
constexpr double kSmall = 1 << 24;

// PL_NATIVE_MAX_BYTES; null where it is not set or empty.
const char* asked_limit() {
    const char* text = std::getenv("PL_NATIVE_MAX_BYTES");
    return text != nullptr && *text != '\0' ? text : nullptr;
}

double free_ram() {
    std::ifstream meminfo("/proc/meminfo");
    std::string key;
    double kib = 0;
    while (meminfo >> key >> kib) {
        if (key == "MemAvailable:") return kib * 1024;
        std::getline(meminfo, key);
    }
    return kUnlimited;  // not Linux: the allocator decides
}

bool digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::string trimmed(const std::string& text) {
    constexpr const char* kSpace = " \t\n\r\f\v";
    const std::size_t first = text.find_first_not_of(kSpace);
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Characters of the number that `text` begins with: digits with a point among or before them, perhaps an
// exponent.
std::size_t number_length(const std::string& text) {
    std::size_t end = 0, digits = 0;
    for (bool point = false; end < text.size() && (digit(text[end]) || (text[end] == '.' && !point)); ++end) {
        point = point || text[end] == '.';
        if (digit(text[end])) ++digits;
    }
    if (digits == 0) return 0;
    if (end == text.size() || (text[end] != 'e' && text[end] != 'E')) return end;
    std::size_t after = end + 1;
    if (after < text.size() && (text[after] == '+' || text[after] == '-')) ++after;
    if (after == text.size() || !digit(text[after])) return end;
    while (after < text.size() && digit(text[after])) ++after;
    return after;
}

// "512MiB", "10 GB": a number > 0 and perhaps a unit, by the same grammar as _base/memory.py.
double asked_bytes(const std::string& text) {
    static const std::map<std::string, double> units{
        {"", 1},      {"b", 1},        {"kb", 1e3},     {"mb", 1e6},     {"gb", 1e9},
        {"tb", 1e12}, {"kib", 0x1p10}, {"mib", 0x1p20}, {"gib", 0x1p30}, {"tib", 0x1p40}};
    const std::string asked = trimmed(text);
    const std::size_t length = number_length(asked);
    std::string name = trimmed(asked.substr(length));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto unit = units.find(name);
    if (length > 0 && unit != units.end()) {
        const double bytes = std::strtod(asked.substr(0, length).c_str(), nullptr) * unit->second;
        if (bytes > 0 && std::isfinite(bytes)) return bytes;
    }
    throw std::invalid_argument(
        "PL_NATIVE_MAX_BYTES: expected a number of bytes > 0, perhaps with a unit (B, kB, MB, GB, TB, KiB, "
        "MiB, GiB, TiB), got '" +
        printable(text) + "'");
}

std::string human(double bytes) {
    char text[64];
    std::snprintf(text, sizeof text, bytes < 1e7 ? "%.0f bytes" : "%.3g GiB",
                  bytes < 1e7 ? bytes : bytes / 0x1p30);
    return text;
}

}  // namespace

double available_bytes() {
    const char* limit = asked_limit();
    return limit != nullptr ? asked_bytes(limit) : std::min(free_ram(), cgroup_bytes_left());
}

void require_bytes(double bytes) {
    if (bytes < kSmall && asked_limit() == nullptr) return;
    const double available = available_bytes();
    if (bytes <= available) return;
    throw MemoryBudget("this call needs " + human(bytes) + " of memory, available are " + human(available) +
                       " (PL_NATIVE_MAX_BYTES overrides what is available)");
}

void keep_freed_pages() {
    constexpr std::size_t kBlock = 1 << 22;
    void* volatile block = std::malloc(kBlock);  // volatile: else the compiler leaves both out
    std::free(block);
}

}  // namespace pl
