// Text of the environment in a message: any bytes may be in it, and Python decodes what an exception says.
#pragma once

#include <string>

namespace pl {

// `text` with '?' for every byte that is no printable ASCII.
inline std::string printable(std::string text) {
    for (char& c : text)
        if (c < ' ' || c > '~') c = '?';
    return text;
}

}  // namespace pl
