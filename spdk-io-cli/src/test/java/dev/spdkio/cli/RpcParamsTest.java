// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RpcParamsTest {

    private static String parse(String... words) {
        return String.valueOf(RpcParams.parse(List.of(words)));
    }

    @Test
    void nothingIsNoParameters() {
        assertThat(RpcParams.parse(List.of())).isNull();
    }

    @Test
    void takesOneJsonText() {
        assertThat(parse("{\"name\": \"M0\", \"n\": [1, 2]}")).isEqualTo("{\"name\":\"M0\",\"n\":[1,2]}");
        assertThat(parse(" [true]")).isEqualTo("[true]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            name=M0 | {"name":"M0"}
            n=4096 | {"n":4096}
            b=true | {"b":true}
            x=null | {"x":null}
            text="4096" | {"text":"4096"}
            list=[1,2] | {"list":[1,2]}
            empty= | {"empty":""}
            path=/a=b | {"path":"/a=b"}
            uuid=12ab-34 | {"uuid":"12ab-34"}
            """)
    void takesPairs(String word, String json) {
        assertThat(parse(word)).isEqualTo(json);
    }

    @Test
    void keepsTheOrderOfPairs() {
        assertThat(parse("b=1", "a=2")).isEqualTo("{\"b\":1,\"a\":2}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"a\": }", "{} {}", "[1,]"})
    void refusesBadJson(String text) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("PARAMS is not JSON: line 1, column ");
    }

    @Test
    void refusesWhatIsNoPair() {
        assertThatThrownBy(() -> parse("a=1", "b"))
                .hasMessage("'b' is neither key=value nor a JSON object, such as '{\"name\": \"Malloc0\"}'");
        assertThatThrownBy(() -> parse("=1")).hasMessageContaining("neither key=value");
        assertThatThrownBy(() -> parse("a=1", "a=2")).hasMessage("'a' is given twice");
    }
}
