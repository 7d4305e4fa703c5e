import {
  MoorlineProvider,
  useAgent,
  useAgentIds,
  useDirectory,
  useFleet,
  useIntent,
  useTimeline,
} from "moorline/react";
import { Presentation } from "moorline/runtime";
import type { TimelineItem } from "moorline/schema/moorline/agent/v1/timeline_pb.js";
import { memo, type ReactNode, useState } from "react";
import { ActivityIndicator, FlatList, Pressable, Text, TextInput, View } from "react-native";
import type { OpenedFleet } from "./open-fleet.ts";

/** A line that somebody types and sends; what goes wrong is shown below it. */
function Field({ label, send }: { readonly label: string; readonly send: (text: string) => Promise<unknown> }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const submit = (): void => {
    send(text).then(
      () => setProblem(""),
      (error) => setProblem(String(error)),
    );
    setText("");
  };
  return (
    <View>
      <TextInput accessibilityLabel={label} value={text} onChangeText={setText} onSubmitEditing={submit} />
      <Text>{problem}</Text>
    </View>
  );
}

const NOTES = new Map<Presentation, string>([
  [Presentation.TOAST, "Refreshing"],
  [Presentation.RECONNECTING_BADGE, "Reconnecting"],
  [Presentation.ERROR_BADGE, "Not up to date"],
  [Presentation.NOT_FOUND, "There is no such agent."],
]);

function Around({ presentation, children }: { readonly presentation: Presentation; readonly children: ReactNode }) {
  const { retry } = useIntent();
  if (presentation === Presentation.OVERLAY) return <ActivityIndicator />;
  if (presentation === Presentation.ERROR_SCREEN) {
    return (
      <Pressable onPress={retry}>
        <Text>Try again</Text>
      </Pressable>
    );
  }
  return (
    <View>
      <Text>{NOTES.get(presentation)}</Text>
      {presentation !== Presentation.NOT_FOUND && children}
    </View>
  );
}

function textOf({ content }: TimelineItem): string {
  if (content.case === "commandOutput") return new TextDecoder().decode(content.value.data);
  return content.case === "userMessage" ? `> ${content.value.text}` : `(${content.case})`;
}

function Timeline({ agentId }: { readonly agentId: string }): ReactNode {
  const { items, hasEarlier, loadEarlier, presentation } = useTimeline(agentId);
  const { sendPrompt } = useIntent();
  return (
    <Around presentation={presentation}>
      <FlatList
        inverted
        data={[...items].reverse()}
        keyExtractor={({ seq }) => `${seq}`}
        renderItem={({ item }) => <Text>{textOf(item)}</Text>}
        onEndReached={hasEarlier ? () => void loadEarlier() : null}
      />
      <Field label="Prompt" send={(text) => sendPrompt(agentId, text)} />
    </Around>
  );
}

const Row = memo(({ id, choose }: { readonly id: string; readonly choose: (id: string) => void }): ReactNode => {
  const agent = useAgent(id);
  return (
    <Pressable onPress={() => choose(id)}>
      <Text>{agent?.title}</Text>
    </Pressable>
  );
});

function Host({ label }: { readonly label: string }): ReactNode {
  const [chosen, choose] = useState("");
  const ids = useAgentIds();
  return (
    <View>
      <Text>{label}</Text>
      <Around presentation={useDirectory().presentation}>
        <FlatList data={ids} keyExtractor={(id) => id} renderItem={({ item }) => <Row id={item} choose={choose} />} />
      </Around>
      {chosen !== "" && <Timeline key={chosen} agentId={chosen} />}
    </View>
  );
}

function Hosts({ addHost }: Pick<OpenedFleet, "addHost">): ReactNode {
  const hosts = useFleet((snapshot) => snapshot.hosts);
  const add = (line: string): Promise<void> => {
    const [endpoint = "", token = ""] = line.split(" ");
    return addHost(endpoint, token);
  };
  return (
    <View>
      <Field label="Endpoint and token" send={add} />
      {hosts.map(({ serverId, label, runtime }) => (
        <MoorlineProvider key={serverId} host={runtime}>
          <Host label={label} />
        </MoorlineProvider>
      ))}
    </View>
  );
}

export function App({ fleet, addHost }: OpenedFleet): ReactNode {
  return (
    <MoorlineProvider fleet={fleet}>
      <Hosts addHost={addHost} />
    </MoorlineProvider>
  );
}
