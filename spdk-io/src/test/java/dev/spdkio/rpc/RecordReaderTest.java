// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static dev.spdkio.rpc.ServerHarness.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class RecordReaderTest {
    enum Mode {
        FAST,
        SAFE_AND_SLOW {
            @Override
            public String toString() {
                return "safe";
            }
        }
    }

    record Nested(String traddr, int port) {}

    record All(
            String name,
            int blockSize,
            long numBlocks,
            boolean readonly,
            double ratio,
            UUID uuid,
            Mode mode,
            Nested listenAddress,
            List<String> names,
            Map<String, Integer> weights,
            JsonNode raw,
            Optional<String> alias,
            OptionalInt optionalInt,
            OptionalLong optionalLong,
            Optional<List<Nested>> others,
            @Nullable String comment,
            @Nullable Integer boxed) {}

    record Checked(int blockSize) {
        Checked {
            if (Integer.bitCount(blockSize) != 1) {
                throw new IllegalArgumentException("block_size is " + blockSize + ": must be a power of two");
            }
        }
    }

    record HoldsChecked(Checked inner) {}

    private static final String REQUIRED =
            "'name':'n','block_size':512,'num_blocks':9000000000,'readonly':true,'ratio':0.5,"
                    + "'uuid':'6f7d1fd2-8e5a-4d0d-9c6b-0a6f7f6f3b11','mode':'Safe','listen_address':{'traddr':'t','port':1},"
                    + "'names':['a','b'],'weights':{'x':1},'raw':[1]";

    @Test
    void readsEveryKindOfComponent() throws RpcException {
        All all = RecordReader.of(All.class)
                .read(json("{" + REQUIRED + ",'alias':'z','optional_int':1,'optional_long':2,"
                        + "'others':[{'traddr':'u','port':2}],'comment':'c','boxed':3}"));

        assertThat(all)
                .isEqualTo(new All(
                        "n",
                        512,
                        9_000_000_000L,
                        true,
                        0.5,
                        UUID.fromString("6f7d1fd2-8e5a-4d0d-9c6b-0a6f7f6f3b11"),
                        Mode.SAFE_AND_SLOW,
                        new Nested("t", 1),
                        List.of("a", "b"),
                        Map.of("x", 1),
                        json("[1]"),
                        Optional.of("z"),
                        OptionalInt.of(1),
                        OptionalLong.of(2),
                        Optional.of(List.of(new Nested("u", 2))),
                        "c",
                        3));
    }

    @Test
    void optionalsMayBeAbsentOrNull() throws RpcException {
        All absent = RecordReader.of(All.class).read(json("{" + REQUIRED + "}"));
        All nulls = RecordReader.of(All.class)
                .read(json("{" + REQUIRED + ",'alias':null,'optional_int':null,'comment':null,'others':null}"));

        assertThat(absent).isEqualTo(nulls);
        assertThat(absent.alias()).isEmpty();
        assertThat(absent.optionalInt()).isEmpty();
        assertThat(absent.comment()).isNull();
        assertThat(absent.boxed()).isNull();
    }

    @Test
    void whatIsWrittenReadsBack() throws RpcException {
        All all = RecordReader.of(All.class).read(json("{" + REQUIRED + ",'alias':'z'}"));

        JsonNode tree = JsonTree.of(all);

        assertThat(tree.propertyNames()).contains("block_size", "alias").doesNotContain("comment", "optional_int");
        assertThat(RecordReader.of(All.class).read(tree)).isEqualTo(all);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'block_size':'512' | parameter 'block_size' is the string \"512\": expected an integer",
                "'block_size':512.5 | parameter 'block_size' is 512.5: expected an integer",
                "'block_size':null | parameter 'block_size' is null: expected an integer",
                "'block_size':[] | parameter 'block_size' is an array: expected an integer",
                "'block_size':4294967296 | parameter 'block_size' is 4294967296: expected an integer from -2147483648 to"
                        + " 2147483647",
                "'num_blocks':18446744073709551616 | parameter 'num_blocks' is 18446744073709551616: expected an integer"
                        + " from -9223372036854775808 to 9223372036854775807",
                "'name':7 | parameter 'name' is 7: expected a string",
                "'readonly':1 | parameter 'readonly' is 1: expected true or false",
                "'ratio':true | parameter 'ratio' is true: expected a number",
                "'uuid':'1-2-3-4-5' | parameter 'uuid' is the string \"1-2-3-4-5\": expected a UUID like"
                        + " 6f7d1fd2-8e5a-4d0d-9c6b-0a6f7f6f3b11",
                "'mode':'slow' | parameter 'mode' is the string \"slow\": expected one of FAST, safe",
                "'listen_address':'x' | parameter 'listen_address' is the string \"x\": expected an object with named"
                        + " members",
                "'listen_address':{'traddr':'t'} | parameter 'listen_address.port' is missing: expected an integer",
                "'listen_address':{'traddr':'t','port':1,'z':1} | parameter 'listen_address.z' is unknown: known are"
                        + " traddr, port",
                "'names':['a',1] | parameter 'names[1]' is 1: expected a string",
                "'names':['a',null] | parameter 'names[1]' is null: expected a string",
                "'names':'a' | parameter 'names' is the string \"a\": expected an array, each a string",
                "'weights':{'x':'y'} | parameter 'weights.x' is the string \"y\": expected an integer",
                "'weights':[] | parameter 'weights' is an array: expected an object, each member an integer",
                "'others':[{}] | parameter 'others[0].traddr' is missing: expected a string",
            })
    void saysWhatIsWrong(String member, String message) {
        ObjectNode params = (ObjectNode) json("{" + REQUIRED + "}");
        json("{" + member + "}").forEachEntry(params::set);

        assertThatThrownBy(() -> RecordReader.of(All.class).read(params))
                .isInstanceOfSatisfying(RpcException.class, e -> {
                    assertThat(e.code()).isEqualTo(-32602);
                    assertThat(e.parameter()).isNotNull();
                })
                .hasMessage(message);
    }

    @Test
    void saysWhatIsMissingAndWhatIsUnknown() {
        assertThatThrownBy(() -> RecordReader.of(Nested.class).read(null))
                .hasMessage("parameter 'traddr' is missing: expected a string");
        assertThatThrownBy(() -> RecordReader.of(Nested.class).read(json("{'traddr':'a','port':1,'blocksize':1}")))
                .hasMessage("parameter 'blocksize' is unknown: known are traddr, port");
        assertThatThrownBy(() -> RecordReader.of(NoParams.class).read(json("{'x':1}")))
                .hasMessage("parameter 'x' is unknown: no parameters are taken");
        assertThatThrownBy(() -> RecordReader.of(NoParams.class).read(json("[]")))
                .hasMessage("params is an array: expected an object with named members");
    }

    @ParameterizedTest
    @CsvSource({"1024,1024", "1.024e3,1024", "10240e-1,1024", "-0,0", "0e999999999,0", "2147483647.0,2147483647"})
    void takesWholeNumbersHoweverTheyAreWritten(String text, int value) throws RpcException {
        assertThat(RecordReader.of(ServerHarness.Add.class)
                        .read(RecordReaderTest.parse("{'a':" + text + ",'b':0}"))
                        .a())
                .isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({"1e999999999", "-1e999999999", "1e-999999999", "1e400", "1e-400"})
    void hugeExponentsAreRefusedAtOnce(String text) {
        assertThatThrownBy(() -> RecordReader.of(ServerHarness.Add.class).read(parse("{'a':" + text + ",'b':0}")))
                .isInstanceOf(RpcException.class)
                .hasMessageContaining("parameter 'a' is ");
    }

    /** With every digit, as the server reads it. */
    private static JsonNode parse(String text) {
        try {
            return ConfigText.parse("test", text.replace('\'', '"')).root();
        } catch (ConfigException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theRecordMayRefuse() {
        assertThatThrownBy(() -> RecordReader.of(Checked.class).read(json("{'block_size':7}")))
                .isInstanceOfSatisfying(
                        RpcException.class, e -> assertThat(e.code()).isEqualTo(-32602))
                .hasMessage("block_size is 7: must be a power of two");
        assertThatThrownBy(() -> RecordReader.of(HoldsChecked.class).read(json("{'inner':{'block_size':7}}")))
                .hasMessage("parameter 'inner': block_size is 7: must be a power of two");
    }

    record Bad(InputStream in) {}

    record BadMap(Map<Integer, String> map) {}

    @Test
    void componentsWithoutAJsonFormAreRefusedAtRegistration() {
        RpcRegistry registry = new RpcRegistry();

        assertThatThrownBy(() -> registry.register("bad", Bad.class, _ -> null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("component Bad.in is a java.io.InputStream, which has no JSON form");
        assertThatThrownBy(() -> registry.register("bad", BadMap.class, _ -> null))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void lenientReadersForgive() throws RpcException {
        assertThat(RecordReader.lenient(Nested.class).read(json("{'traddr':'t','new_in_26_09':[1]}")))
                .isEqualTo(new Nested("t", 0));
        assertThatThrownBy(() -> RecordReader.lenient(Nested.class).read(json("{}")))
                .hasMessage("parameter 'traddr' is missing: expected a string");
    }
}
