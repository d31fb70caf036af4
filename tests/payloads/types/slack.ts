// What the bot may send, in Slack's own types; and types for what they lack or leave open.

import type { HomeView, KnownBlock, ModalView, PlanBlock, TaskCardBlock } from "@slack/types";

// @slack/types lets a plan's task be anything.
interface Plan extends Omit<PlanBlock, "tasks"> {
  tasks: TaskCardBlock[];
}

interface Point {
  label: string;
  value: number;
}

interface Pie {
  type: "pie";
  segments: Point[];
}

interface Axial {
  type: "line" | "bar" | "area";
  series: { name: string; data: Point[] }[];
  axis_config: { categories: string[]; x_label?: string; y_label?: string };
}

// https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
interface DataVisualization {
  type: "data_visualization";
  block_id?: string;
  title: string;
  chart: Pie | Axial;
}

type Block = Exclude<KnownBlock, PlanBlock> | Plan | DataVisualization;
type OnMessagesOnly =
  | "context_actions"
  | "data_visualization"
  | "file"
  | "markdown"
  | "plan"
  | "task_card";
type NotInModals = OnMessagesOnly | "carousel" | "container" | "data_table" | "table";

export interface Message {
  text: string;
  blocks: Exclude<Block, { type: "alert" | "input" }>[];
}

export interface Modal extends Omit<ModalView, "blocks"> {
  blocks: Exclude<Block, { type: NotInModals }>[];
}

export interface Home extends Omit<HomeView, "blocks"> {
  blocks: Exclude<Block, { type: OnMessagesOnly | "alert" }>[];
}
