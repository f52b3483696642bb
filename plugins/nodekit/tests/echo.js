import { create, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

import { Contracts } from '../contracts.js';

/** A contract with a method of each kind, whose messages hold a number and bytes. */
export const echo = 'nodekit.test.v1.Echo';

const fields = [
  { name: 'n', number: 1, type: 5, label: 1, jsonName: 'n' },
  { name: 'bulk', number: 2, type: 12, label: 1, jsonName: 'bulk' },
];
const method = (name, clientStreaming, serverStreaming) => ({
  name, inputType: '.nodekit.test.v1.Note', outputType: '.nodekit.test.v1.Note', clientStreaming, serverStreaming,
});

export const contracts = new Contracts(toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, {
  file: [{
    name: 'echo.proto', package: 'nodekit.test.v1', syntax: 'proto3',
    messageType: [{ name: 'Note', field: fields }],
    service: [{ name: 'Echo', method: [method('Say', false, false), method('Count', false, true), method('Sum', true, false), method('Chat', true, true)] }],
  }],
})));
