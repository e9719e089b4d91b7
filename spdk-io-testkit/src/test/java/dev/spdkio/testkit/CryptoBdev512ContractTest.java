// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

class CryptoBdev512ContractTest extends CryptoBdevContract {
    @Override
    int blockSize() {
        return 512;
    }

    @Override
    int keyBytes() {
        return 16;
    }
}
