// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErrnoTest {
    @Test
    void namesAndDescribesNumbers() {
        assertThat(Errno.name(Errno.ENOENT)).isEqualTo("ENOENT");
        assertThat(Errno.description(2)).isEqualTo("No such file or directory");
        assertThat(Errno.name(133)).isEqualTo("EHWPOISON");
    }

    @Test
    void unknownNumbersStayReadable() {
        assertThat(Errno.name(4711)).isEqualTo("errno 4711");
        assertThat(Errno.name(-5)).isEqualTo("errno -5");
        assertThat(Errno.description(0)).isEqualTo("unknown error");
    }

    @Test
    void everyConstantHasItsNameInTheTable() throws Exception {
        int constants = 0;
        for (Field field : Errno.class.getFields()) {
            assertThat(Modifier.isStatic(field.getModifiers())).isTrue();
            assertThat(Errno.name(field.getInt(null))).isEqualTo(field.getName());
            constants++;
        }
        assertThat(constants).isEqualTo(131);
    }

    @Test
    void numbersAreThoseOfTheHeaders(@TempDir Path directory) throws Exception {
        CHeaders headers = new CHeaders().include("errno.h");
        for (Field field : Errno.class.getFields()) {
            headers.macroIfDefined(field.getName(), field.getInt(null));
        }
        headers.verify(directory);
    }

    @Test
    void exceptionSaysCallObjectReasonAndRemedy() {
        SysException plain = new SysException("open", "\"/x\"", Errno.ENOENT);
        assertThat(plain).hasMessage("open(\"/x\"): ENOENT (No such file or directory)");
        assertThat(plain.errno()).isEqualTo(2);
        assertThat(plain.call()).isEqualTo("open");
        assertThat(plain.object()).isEqualTo("\"/x\"");
        assertThat(new SysException("mmap", "7 bytes", Errno.ENOMEM, "buy memory"))
                .hasMessage("mmap(7 bytes): ENOMEM (Cannot allocate memory); buy memory");
    }
}
