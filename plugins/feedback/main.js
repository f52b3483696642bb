#!/usr/bin/env node
// Feedback as a program of its own. A portal starts it:
//
//   modules:
//     feedback:
//       path: plugins/feedback/main.js
import { serve } from '@opencabinet/plugin';

import { feedback } from './module.js';

await serve(feedback);
