// What branches at repelling kinks make of the loss (docs/sensitivity.md).
#pragma once

namespace pl {

constexpr double kScatterPerFold = 0.014;  // of the loss over the branches, relative, over log(L(0) / L)

// Of a loss `fall` = log(L(0) / L) lower than at the start.
constexpr double branch_scatter(double fall) {
    return fall > 0.0 ? kScatterPerFold * fall : 0.0;
}

}  // namespace pl
