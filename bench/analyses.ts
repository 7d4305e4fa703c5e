/** Where the time goes, in words, for what misses its goal; printed above the profile of the comparison of that name. */
export const analyses: Readonly<Record<string, string>> = {
  "stream to the client, 64 KiB":
    "Copies and system calls. The server copies each message twice, into its encoding and into its packets, where the peer hands the same buffer to the socket each time; the client copies it once more than the peer, out of three parts, and sends credit for it.",
  "stream to the server, 64 KiB":
    "Copies: the encoding, the packets, and a third one where `ws` masks them, which the peer has too; the server joins three parts for each message.",
  "ping-pong p50 across cores, 64 B":
    "System calls and the waits for them take half or more of it, and are as many as the peer's. The rest is spread over many small functions, none above 3 %: envelope, acknowledgement, the promises of the generators on both sides. After each wait for the other process that code runs with cold caches.",
  "ping-pong p50 on one core, 64 B":
    "The same as across cores, and each switch between the two processes empties the caches: what counts is how much code a message passes through.",
  "memory per idle session":
    "Plain objects of the states of three machines, and the sockets' own objects of Node and `ws`, which are about a third of it. The channel with its queues is about 1 KiB.",
  "resume storm":
    "The upgrade is what the peer pays too. Above it: the transitions of three machines for each resumed channel, with events and states that @bufbuild/protobuf creates and an entry of the transition log for each, and the hashes of the hello.",
  recovery:
    "It begins with dialling: connecting, upgrading and the hello with its answer are three round trips by themselves, and what a fresh socket takes at both ends (`node:http`, `ws`, the machines) runs once for each connection and is never warm.",
  "growth: streams of one channel, 256 of them":
    "The absolute cost of a message over 256 streams has not changed; one stream alone has become faster, because a packet then brings hundreds of messages to a reader that is woken once, while each of 256 readers is woken for two or three.",
  "directory of 10000 agents":
    "Decoding at the client, and above all the memory that it makes: about 20 objects and 40 texts for each agent, which the collector copies while they are young and which are all kept: half of the time is its work. JSON.parse makes those of its peer in native code. The server hands out agents that are encoded already; what is left of the time to the first ones is one look at all agents, to count those that match.",
  "changes of agents to one watcher":
    "Whole agents of 700 B: the server encodes each once, the client decodes each, and nothing else counts beside that; the collector takes a third of the client's time.",
  "delta events of 58 B to one client":
    "The server is the slower end: the turns of two async generators, and making, encoding and framing messages. Both ends have generated codecs. Peers that cork JSON do none of what makes a call: no credit, no numbers, no acknowledgement, no replay.",
  "a page with rows of 10000 agents":
    "React itself: for each commit it looks at all 10,000 rows below one parent, whichever of them has changed, and once more for the passive effects of `useSyncExternalStore`, which the peer's rows do not have. The hooks render one row; comparing the ids of the list is about 5 %. Fewer rows, as in a list that scrolls, cost less.",
  "growth: a change at the client":
    "What is profiled is 100 rows of the list of all ids, among 100,000 agents: the list of ids is copied when an agent moves, and two arrays are written anew between its places, the ids and the agents. Whoever asks for a range of the ids, as a list that scrolls does, pays for the second alone; rows that read their agents, and the mirror, cost the same among any number of agents.",
  "200000 lines of a process to one client":
    "Committing: each batch of output is on disk before it is shown, and the next one is read only then.",
  "an item of a timeline to 200 watchers":
    "Writing to 200 sockets, hearing 200 acknowledgements, and a turn of the generators of each watch; the item itself is read from memory by those who keep up, and decoded and encoded for each.",
  "a change of an agent to 200 watchers":
    "Writing to 200 sockets, hearing 200 acknowledgements, and a turn of the generators of each watch. The agent is encoded once for all of them.",
};
