#include "flow/tally.hpp"

#include <algorithm>

namespace pl {

void Tally::changed(const Switch& pair, bool repelling) {
    if (logs_) log_.push_back(pair);
    if (pair.to == Mode::kSlide) {
        ++count_.slide_in;
    } else if (pair.from == Mode::kSlide) {
        ++(pair.to == Mode::kOn ? count_.slide_to_on : count_.slide_to_off);
    } else {
        ++(pair.to == Mode::kOn ? count_.on : count_.off);
        if (repelling) ++count_.repelling;
    }
}

void Tally::began(const Switch& pair) {
    if (logs_) log_.push_back(pair);
}

void Tally::started_at_kinks(Index pairs, Index repelling) {
    count_.start_kinks += pairs;
    count_.repelling += repelling;
}

void Tally::call(int j) {
    for (Switch& pair : log_) pair.neuron = j;
}

void Tally::sort() {
    std::stable_sort(log_.begin(), log_.end(), [](const Switch& a, const Switch& b) { return a.t < b.t; });
}

void Tally::add(const Tally& other) {
    for (const auto member : kFlowCounts) count_.*member += other.count_.*member;
    log_.insert(log_.end(), other.log_.begin(), other.log_.end());
}

}  // namespace pl
